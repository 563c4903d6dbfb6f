# Every target prepares what it needs first; a second run finds it there and goes straight to work.
STACK ?= local
PREPARE := python3 -m air_gapped
RUN := $(PREPARE) run --stack $(STACK) --

.PHONY: up down test check doctor preview drift conformance env lock bench schema audit hooks new-stack

up: ## deploy the stack and let the agent say one sentence
	@$(PREPARE) prepare
	@$(RUN) python -m components up --stack $(STACK)

down: ## remove everything the stack made, then the Docker engine if `make up` started it
	@$(PREPARE) packages
	@$(PREPARE) resume
	@$(RUN) python -m components down --stack $(STACK)
	@$(PREPARE) stop

test: check ## everything, with the real Pulumi engine, Docker, Ollama and sandbox
	@$(PREPARE) prepare --with-tests
	@$(RUN) python -u -m tests.side_by_side

check: ## lint, types, pure and wire tests: needs Python packages only
	@$(PREPARE) packages --with-tests
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@$(RUN) python -u -m pytest -m "not end_to_end and not contract"

doctor: ## what is here, what is missing, what to type next; with URL=… (and MODEL=…, ARGS=…): check that endpoint
	@$(PREPARE) packages
	@$(RUN) python -m components doctor $(if $(URL),'$(URL)' $(if $(MODEL),--model '$(MODEL)') $(ARGS),--stack $(STACK))

preview: ## what the next `make up` would do (ARGS='--comment FILE': as Markdown for a pull request)
	@$(PREPARE) prepare
	@$(RUN) python -m components preview --stack $(STACK) $(ARGS)

drift: ## what was changed elsewhere since the last `make up` (ARGS='--report FILE': as Markdown for an issue)
	@$(PREPARE) prepare
	@$(RUN) python -m components drift --stack $(STACK) $(ARGS)

new-stack: ## write a stack file: asks for what NAME=… and ARGS='--engine … --model … --agent …' leave open
	@$(PREPARE) packages
	@$(RUN) python -m components new-stack '$(NAME)' $(ARGS)

schema: ## write the JSON Schemas that editors read stack files by
	@$(PREPARE) packages
	@$(RUN) python -m components schema

conformance: ## which LLM server passes which check: real ones and stand-ins (ARGS=--write: docs/conformance.md, too)
	@$(PREPARE) prepare --with-tests
	@$(RUN) python -m tests.conformance $(ARGS)

env: ## shell lines for working by hand: eval "$$(make env)"; pulumi preview
	@$(PREPARE) env --stack $(STACK)

bench: ## the measurements quoted in the README
	@$(PREPARE) prepare --with-tests
	@$(RUN) python -m benchmarks

audit: ## advisories, licences and bill of materials of the locked packages (status 3 inside: something is unknown)
	@$(PREPARE) packages --with-tests
	@$(RUN) python -m tests.supply_chain $(ARGS)

hooks: ## run the checks of .ci/pre-commit.yaml before each commit
	@$(PREPARE) packages --with-tests
	@$(RUN) pre-commit install --config .ci/pre-commit.yaml

lock: ## regenerate the hashed requirements from their short .in files (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate components/requirements.in -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate tests/requirements.in -o tests/requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate tests/litellm/requirements.in -o tests/litellm/requirements.txt
