# make demo and make test do all the set-up by themselves; make help lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export CARGO_TERM_COLOR ?= auto

include scripts/db.mk

.PHONY: help build demo test campaign check generate bench fmt install

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

build: ## build the three programs
	@echo "building (the first time compiles the dependencies: several minutes)" >&2
	cargo build --release --workspace --locked

demo: db build ## the whole job on a made-up market: load, factors, scan, a day and corrections, the proof
	@scripts/demo

test: db ## all tests, on a real TimescaleDB
	@echo "building the tests (the first time compiles the dependencies: several minutes)" >&2
	cargo test --release --workspace --locked

campaign: db ## kill, starve and cut off loads at KILLS (100) random moments, and print what happened
	TIDEMARK_CAMPAIGN=$(or $(KILLS),100) cargo test --release -p ingest --test cli --locked campaign -- --nocapture

check: ## formatting and lints
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets --locked -- -D warnings

generate: ## write views, comments and the reference page from the catalogue of factors
	TIDEMARK_GENERATE=1 cargo test --test generated --locked

bench: db build ## every figure with its limit and their ratio
	cargo bench --workspace --bench tidemark --locked
	cargo run --release --locked --manifest-path benches/peers/Cargo.toml --target-dir target/peers

fmt: ## format the code
	cargo fmt --all

install: ## put ingest, features and scan into cargo's bin folder
	cargo install --locked --path . && cargo install --locked --path ingest
