# `make` alone lists the targets. Needs GNU make 3.81 or newer and a Python from 3.11 to 3.14; nothing else.

# Say PYTHON=… to choose the interpreter; DEMO_ARGS, TEST_ARGS, CHAOS_ARGS, LOCK_ARGS and STUDIO_ARGS are handed on.
PYTHON ?=
PYTHONS := python3 python3.14 python3.13 python3.12 python3.11 python
USABLE := import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 15))

BENCHES := $(sort $(patsubst benchmarks/bench_%.py,bench-%,$(wildcard benchmarks/bench_*.py)))

.DEFAULT_GOAL := help
.PHONY: help demo test test-all check bench $(BENCHES) chaos studio lock clean
.PHONY: run-environment dev-environment studio-environment airflow-environment ray-environment

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' Makefile | expand -t 16

demo: run-environment ## the whole story on the example: watch, refuse, retrain, compare, ask, promote, explain
	@.venv/bin/autopilot demo $(DEMO_ARGS)

test: dev-environment ## the whole test suite, on all processors (TEST_ARGS="-n 0" for one process that prints as it goes)
	.venv/bin/python -m pytest -n auto $(TEST_ARGS)

test-all: dev-environment airflow-environment ray-environment studio-environment ## the same, and what it would skip here is a failure
	.venv/bin/python -m pytest -n auto --all $(TEST_ARGS)

check: dev-environment ## lint, format, types, import rules
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: $(BENCHES) ## the benchmarks, each against its named floor; one alone: make bench-overhead
$(BENCHES): bench-%: benchmarks/bench_%.py dev-environment
	@echo "== $<"; .venv/bin/python "$<"

chaos: dev-environment ## a fleet with incidents while everything under it breaks (CHAOS_ARGS="--short": two minutes)
	.venv/bin/python -m benchmarks.chaos $(CHAOS_ARGS)

studio: studio-environment ## open the graph in LangGraph Studio (its own environment; bound to 127.0.0.1)
	@LANGGRAPH_CLI_NO_ANALYTICS=1 LANGGRAPH_NO_VERSION_CHECK=true LANGSMITH_TRACING="$${LANGSMITH_TRACING:-false}" \
	  .venv-studio/bin/langgraph dev --host 127.0.0.1 --no-browser --no-reload --n-jobs-per-worker 4 $(STUDIO_ARGS)

# What a lock already holds is kept where it can be: that is how the studio gets the product's versions.
lock: dev-environment ## make the locks again from pyproject.toml (LOCK_ARGS=--upgrade for newer versions)
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	cp requirements.lock requirements-studio.lock
	$(COMPILE) requirements-studio.in -o requirements-studio.lock
	$(COMPILE) requirements-airflow.in -o requirements-airflow.lock
	$(COMPILE) requirements-ray.in -o requirements-ray.lock

clean: ## stop the embedded Postgres, then remove what demo, tests and studio made here
	@unset AUTOPILOT_HOME DATABASE_URL; [ ! -e .autopilot ] || [ ! -x .venv/bin/autopilot ] || .venv/bin/autopilot db stop --destroy
	rm -rf .autopilot .venv .venv-studio .venv-airflow .venv-ray .langgraph_api .pytest_cache .mypy_cache .ruff_cache .import_linter_cache build dist
	@find . -name .git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

COMPILE = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url $(LOCK_ARGS)

run-environment:
	@$(call environment,run)

dev-environment:
	@$(call environment,dev)

studio-environment:
	@$(call environment,studio)

airflow-environment:
	@$(call environment,airflow)

ray-environment:
	@$(call environment,ray)

# A name on the PATH may be a shim without an interpreter behind it, or one without ensurepip: try it, do not look.
define environment
for python in $(if $(PYTHON),"$(PYTHON)",$(PYTHONS)); do \
  if "$$python" -I -c '$(USABLE)' 2>/dev/null; then exec "$$python" -I scripts/environment.py $(1) $(if $(PYTHON),chosen); fi; \
done; \
echo 'No usable Python found: it must be 3.11 to 3.14 and have venv (Debian, Ubuntu: the package python3-venv).' \
  'Name one with: make PYTHON=/path/to/python3.12 …' >&2; exit 1
endef
