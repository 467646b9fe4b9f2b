//! The OpenAPI document says what the answers look like: a validator that we did not write holds real answers against it.

use boon::{Compiler, Draft, Schemas};
use serde_json::Value;

use crate::ready;
use crate::server::{Server, perl};

const PLACE: &str = "http://localhost/openapi.json";

#[tokio::test(flavor = "multi_thread")]
async fn the_document_describes_real_answers_of_every_endpoint() {
    let (database, _client, _) = ready().await;
    let server = Server::ready(&database);
    let document = server.get("/openapi.json").json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut compiler = Compiler::new();
    compiler.set_default_draft(Draft::V2020_12);
    compiler.enable_format_assertions();
    compiler.add_resource(PLACE, document.clone()).unwrap();
    let mut schemas = Schemas::new();
    let names: Vec<&String> = document["components"]["schemas"].as_object().unwrap().keys().collect();
    for name in &names {
        compiler
            .compile(&format!("{PLACE}#/components/schemas/{name}"), &mut schemas)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    let mut valid = |name: &str, answer: &Value| {
        let schema = compiler.compile(&format!("{PLACE}#/components/schemas/{name}"), &mut schemas).unwrap();
        schemas.validate(answer, schema).map_err(|error| format!("{error:#}"))
    };

    // Each answer is held against the schema that its path names for its status.
    let mut answered: Vec<&str> = Vec::new();
    for (path, template, status) in [
        ("/v1/scan?limit=5", "/v1/scan", 200),
        ("/v1/scan?profile=quality-at-a-fair-price&limit=3", "/v1/scan", 200),
        (
            "/v1/scan?columns=close_5d_ago,in_population,tier,close*2%20AS%20twice&tickers=TST1,tst2,SPY",
            "/v1/scan",
            200,
        ),
        ("/v1/scan?where=close%3C0", "/v1/scan", 200),
        ("/v1/scan?as_of=2022-05-10&limit=2", "/v1/scan", 200),
        ("/v1/scan?where=clsoe%3E1", "/v1/scan", 400),
        ("/v1/scan?profile=nobody", "/v1/scan", 404),
        ("/v1/symbols/TST1", "/v1/symbols/{ticker}", 200),
        ("/v1/symbols/SPY?profile=low-risk", "/v1/symbols/{ticker}", 200),
        ("/v1/symbols/spy", "/v1/symbols/{ticker}", 404),
        ("/v1/runs", "/v1/runs", 200),
        ("/v1/columns", "/v1/columns", 200),
        ("/v1/profiles", "/v1/profiles", 200),
        ("/healthz", "/healthz", 200),
        ("/openapi.json", "/openapi.json", 200),
    ] {
        let page = server.get(path);
        assert_eq!(page.status, status, "{path}: {}", page.body);
        let responses = &document["paths"][template]["get"]["responses"];
        let response = responses.get(status.to_string()).unwrap_or(&responses["default"]);
        let schema = &response["content"]["application/json"]["schema"];
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap();
            valid(name, &page.json()).unwrap_or_else(|error| panic!("{path} is no {name}: {error}"));
        }
        answered.push(template);
    }
    answered.extend(["/v1/scan/stream", "/metrics"]);
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(answered.contains(&path.as_str()), "{path} is described and not tried");
    }
    for template in &answered {
        assert!(document["paths"].get(template).is_some(), "{template} is not described");
    }

    let path = "/v1/scan/stream?limit=3&as_of=2022-05-10";
    let output = perl(&database, "events.pl", &[&server.address.to_string(), path, "application/x-ndjson"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let events: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(events.len(), 6, "{text}");
    for event in &events {
        valid("Event", event).unwrap_or_else(|error| panic!("{event}: {error}"));
    }

    // The schemas are not so wide that anything passes.
    let mut answer = server.get("/v1/scan?limit=1").json();
    answer["rows"][0]["close"] = "12.50".into();
    assert!(valid("Scan", &answer).is_err());
    answer["rows"][0].as_object_mut().unwrap().remove("close");
    assert!(valid("Scan", &answer).is_ok());
    answer["rows"][0].as_object_mut().unwrap().remove("flags");
    assert!(valid("Scan", &answer).is_err());
}
