# Everything is done in .venv, made from requirements pinned with hashes.
VENV := .venv
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
PORT ?= 8000
VIDEO ?=
# Two cores are what this is measured on; more go faster.
WORKERS ?= auto
# What one process has compiled is there for the next, whatever the shell says: half of what it takes to collect the tests.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help setup demo run camera agent test test-outside test-deploy lint test-endpoint night mutants contract costs growth bench measures owes alike agent-cost player clients awscli passwords policies package deploy destroy lock clean

help: ## say what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

$(INSTALLED): requirements-dev.txt
	@echo "Setting up $(VENV) (about a minute, once) ..."
	@python3 -m venv $(VENV)
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.txt
	@ln -sf ../../infra/sowa/sowa $(VENV)/bin/sowa
	@touch $@

setup: $(INSTALLED) ## make .venv, with the command `sowa` in its bin; the first target that needs it does it, too

demo: $(INSTALLED) ## play a camera's whole life; VIDEO=path for footage of your own
	@PYTHONPATH=infra/agent VIDEO="$(VIDEO)" $(PYTHON) -m infra.demo

run: $(INSTALLED) ## the local cloud, for clients; PORT=8000, ALLOWED_ORIGIN=http://localhost:5173 for a page of yours
	@PORT="$(PORT)" $(PYTHON) -m infra.local

camera: $(INSTALLED) ## a camera that lives, for a cloud that runs; SOURCE=path, URL=http://127.0.0.1:8000, SN=, SECRET=
	@PYTHONPATH=infra/agent SOURCE="$(SOURCE)" URL="$(URL)" SN="$(SN)" SECRET="$(SECRET)" $(PYTHON) -m infra.demo.living

agent: $(INSTALLED) ## any RTSP camera with a cloud: SOURCE=rtsp://... (or a file, or a folder of JPEGs) URL= SN= SECRET=
	@PYTHONPATH=infra/agent SECRET="$(SECRET)" $(PYTHON) -m sowa_agent run --source "$(SOURCE)" --sn "$(SN)" \
		--url "$(or $(URL),http://127.0.0.1:8000)" --spool build/agent-spool

test: $(INSTALLED) ## tests of our own code, without a network; of large sets of cases a share, another for each commit
	@# Each worker begins with a half, in a row, so that what a module sets up is made once; who is done helps the other.
	@$(PYTHON) -m pytest -n $(WORKERS) --dist worksteal

# What is played at length, made or installed takes as long as it takes; elsewhere each test has a time limit (pyproject.toml).
conflicts test-outside test-deploy test-endpoint growth costs contract policies: export PYTEST_ADDOPTS = -o faulthandler_timeout=0

test-outside: $(INSTALLED) ## tests with browsers, players and servers that others made; what is not installed is skipped
	@$(PYTHON) -m pytest tests/outside -rs

lint: $(INSTALLED) ## ruff, and mypy in its strictest mode
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy

night: $(INSTALLED) ## all at length: every case, fuzz, plans, full sizes, medians, the agent; goes on where it was left; AGAIN=1
	@WORKERS=$(WORKERS) $(PYTHON) -m tests.night

costs: $(INSTALLED) ## count what each route costs anew, and what a thousand cameras do
	@WRITE_COSTS=1 $(PYTHON) -m pytest tests/test_costs.py
	@WRITE_COSTS=1 $(PYTHON) -m pytest tests/test_money.py

bench: $(INSTALLED) ## count a request's work beside a handler by hand (needs valgrind; minutes)
	@$(PYTHON) -m tests.bench

growth: $(INSTALLED) ## count anew how cost grows with the table, up to a million rows
	@WRITE_GROWTH=1 $(PYTHON) -m pytest tests/test_growth.py

alike: $(INSTALLED) ## compare the work of known and unknown addresses anew, by medians of CPU time
	@$(PYTHON) -m tests.alike

agent-cost: $(INSTALLED) ## measure what the agent costs its host, beside ffmpeg (GStreamer's RTSP server; minutes)
	@$(PYTHON) -m tests.outside.agent_cost

measures: $(INSTALLED) ## write into docs/architecture.md which house opens which, and how the code is built
	@$(PYTHON) -m tests.house.measures

owes: $(INSTALLED) ## say what a route still owes, and in which file: ROUTE="PUT /devices/{id}/note"
	@$(PYTHON) -m tests.owes '$(ROUTE)'

conflicts: $(INSTALLED) ## see anew what each scenario reads and writes, and which conflict (minutes)
	@WRITE_CONFLICTS=1 $(PYTHON) -m pytest tests/worlds/test_conflicts.py -k committed_pairs

contract: $(INSTALLED) ## write the OpenAPI document anew, with examples as the local cloud answers them
	@WRITE_EXAMPLES=1 $(PYTHON) -m pytest tests/entry/test_examples.py
	@$(PYTHON) -m tests.entry.test_contract

# Name, version, digest of the package, and the one file of it that is played with.
PLAYERS := \
	hls.js:1.7.4:e4ab3d5d13f7cca9ef241d098f39686e19fd451831ba07dc9943482fd5ff75c7:hls.min.js \
	shaka-player:5.2.12:0c09816ea0b1399434bb6423b6a955f22e75b1886e4d394934ec73b9b38e3018:shaka-player.compiled.js \
	video.js:8.24.1:ae4c208cb6e8d1f42af45009bfcaead2e5e6ee2de58cf7a67b9413e7ff87a5fd:video.min.js \
	redoc:2.5.1:01ba9840ed89ca7862268d8d21892bcaa54e0fce6a62941faf12021834cd2032:redoc.standalone.js

player: ## fetch hls.js, Shaka and video.js, with which the tests play live views, and Redoc for /docs (needs npm)
	@mkdir -p build/players
	@set -e; for one in $(PLAYERS); do echo "$$one" | { IFS=: read -r name version digest file; \
		npm pack --silent --pack-destination build/players "$$name@$$version" >/dev/null; \
		echo "$$digest  build/players/$$name-$$version.tgz" | sha256sum --check --quiet; \
		tar xzf "build/players/$$name-$$version.tgz" -C build/players --strip-components 2 --wildcards "package/*/$$file"; \
		rm "build/players/$$name-$$version.tgz"; }; \
	done

clients: ## fetch what makes clients of the contract, for `make test-outside` (needs npm)
	@mkdir -p build/clients && cp tests/outside/clients/package.json tests/outside/clients/package-lock.json build/clients
	@npm ci --silent --no-fund --no-audit --prefix build/clients
	@python3 -m venv build/clients/venv
	@build/clients/venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		-r tests/outside/clients/requirements.txt

AWSCLI := build/awscli/.installed

$(AWSCLI): tests/outside/requirements-awscli.txt
	@python3 -m venv build/awscli
	@build/awscli/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		--only-binary :all: -r $<
	@touch $@

awscli: $(AWSCLI) ## fetch the AWS CLI, whose parser reads the commands of infra/README.md in `make test-outside`

MUTANTS := build/mutants/.installed

$(MUTANTS): tests/mutants/requirements.txt $(INSTALLED)
	@mkdir -p build/mutants && python3 -m venv build/mutants/venv
	@build/mutants/venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

mutants: $(MUTANTS) ## change lines of HOUSES="orders plans", play the tests that run them; SAMPLE=50 SEED=1, TESTS=, AGAIN=1
	@build/mutants/venv/bin/python tests/mutants/run.py $(HOUSES) --sample $(SAMPLE) --seed $(SEED) \
		--workers $(if $(filter auto,$(WORKERS)),1,$(WORKERS)) $(if $(TESTS),--tests $(TESTS)) $(if $(AGAIN),--again)
	@$(PYTHON) -m tests.mutants.report

# A cloud that others wrote, in an environment of its own; made anew when what is pinned changes. Its Python runs all
# functions: Lambda's, where this machine has it.
EMULATOR := build/emulator/.installed

$(EMULATOR): tests/deployed/requirements.txt $(INSTALLED)
	@python=$$($(PYTHON) -m infra.package.interpreter) || python=python3; "$$python" -m venv --clear build/emulator
	@build/emulator/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		--only-binary :all: -r $<
	@touch $@

test-endpoint: $(INSTALLED) $(if $(AWS_ENDPOINT_URL_DYNAMODB),,$(EMULATOR)) ## a third of the tests on another DynamoDB, MiniStack or AWS_ENDPOINT_URL_DYNAMODB; EVERY_TEST=1
	@$(PYTHON) -m tests.endpoint -n $(WORKERS) --dist worksteal

test-deploy: $(INSTALLED) $(EMULATOR) ## deploy to MiniStack, live a life there over HTTP, update, destroy, deploy again (minutes)
	@$(PYTHON) -m pytest tests/deployed -n 2 --dist load -rxs

passwords: $(INSTALLED) ## make the list of common passwords anew (needs npm)
	@$(PYTHON) -m infra.passwords

policies: $(INSTALLED) ## note anew what each function does to AWS
	@WRITE_POLICIES=1 $(PYTHON) -m pytest tests/infra/test_package_policies.py

package: $(INSTALLED) ## zip and template into build/ (needs Python 3.13: PYTHON313=path); ARCHITECTURE=arm64, OFFLINE=1 for a look only
	@$(PYTHON) -m infra.package $(if $(ARCHITECTURE),--architecture $(ARCHITECTURE)) $(if $(OFFLINE),--offline)

# Before anything is built: make takes minutes to package.
ifneq ($(filter deploy destroy,$(MAKECMDGOALS)),)
ifeq ($(and $(STAGE),$(or $(AWS_REGION),$(AWS_DEFAULT_REGION))),)
$(error Say which installation and where: make $(filter deploy destroy,$(MAKECMDGOALS)) STAGE=… AWS_REGION=…)
endif
endif

deploy: package ## put build/ into an AWS account (see infra/README.md); STAGE=name AWS_REGION=eu-central-1
	@STAGE="$(STAGE)" $(PYTHON) -m infra.package.deploy deploy

destroy: $(INSTALLED) ## take it away, all but the data; STAGE=name CONFIRM=name
	@STAGE="$(STAGE)" CONFIRM="$(CONFIRM)" $(PYTHON) -m infra.package.deploy destroy

lock: ## pin the requirements anew (needs uv)
	uv pip compile -q --generate-hashes --no-header --python-version 3.13 pyproject.toml -o requirements.txt
	uv pip compile -q --generate-hashes --no-header --python-version 3.11 --extra dev \
		--no-emit-package numpy --no-emit-package scipy pyproject.toml -o requirements-dev.txt
	uv pip compile -q --generate-hashes --no-header --python-version 3.13 --group pictures -c requirements-dev.txt \
		-o infra/package/requirements-pictures.txt
	uv pip compile -q --generate-hashes --no-header --python-version 3.13 --group clips -c requirements-dev.txt \
		-o infra/package/requirements-clips.txt
	uv pip compile -q --generate-hashes --no-header --python-version 3.13 --group invoices -c requirements-dev.txt \
		-o infra/package/requirements-invoices.txt
	uv pip compile -q --generate-hashes --no-header --python-version 3.11 --group onvif -o tests/outside/requirements-onvif.txt
	uv pip compile -q --generate-hashes --no-header --no-annotate --python-version 3.11 --group stripe \
		-o tests/outside/requirements-stripe.txt
	uv pip compile -q --generate-hashes --no-header --no-annotate --python-version 3.13 --group lambda \
		-o tests/outside/requirements-lambda.txt

clean: ## remove what was set up
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build
