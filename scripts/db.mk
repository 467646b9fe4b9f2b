# The database's targets; included by the Makefile.
.PHONY: db db-stop db-status db-psql db-env db-destroy db-test

db: ## bring up the database, or check the one that DATABASE_URL names
	@scripts/db up

db-stop: ## stop the private cluster
	@scripts/db stop

db-status: ## what runs where
	@scripts/db status

db-psql: db ## psql, connected
	@scripts/db psql

db-env: db ## for other tools: eval "$(make -s db-env)"
	@printf "export DATABASE_URL='%s'\n" "$$(scripts/db url)"

db-destroy: ## stop the private cluster and remove its data
	@scripts/db destroy

db-test: ## try the database's own scripts
	@scripts/db-test
