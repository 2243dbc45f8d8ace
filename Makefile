# `make` lists the targets. None of them needs the virtual environment to be activated.
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

# make PYTHON=/path/to/python3.12 VENV=/tmp/v312 test
PYTHON ?=
VENV ?= .venv
venv := $(abspath $(VENV))
ready := $(venv)/.ready
collection := collections/ansible_collections/vxlab/overlay

export PATH := $(venv)/bin:$(PATH):/usr/sbin:/sbin
# Ansible asks for UTF-8, whatever the caller's locale is.
export LC_ALL := C.UTF-8
# Only this checkout counts, not a configuration or a copy of the collection in the caller's home.
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/collections
export ANSIBLE_HOME := $(CURDIR)/.cache/ansible

title = @printf '\n=== %s\n' '$(1)'

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

# --- For users

.PHONY: demo
demo: lab-up ## Build the overlay in the embedded lab, check it, show how to look further
	$(call title,site.yml: the overlay)
	@ansible-playbook site.yml -i inventory/lab
	$(call title,verify.yml: the checks)
	@ansible-playbook playbooks/verify.yml -i inventory/lab
	$(call title,Look further)
	@scripts/enter

.PHONY: lab-up
lab-up: setup ## Start the embedded lab: hosts ubuntu1-3 made of Linux namespaces
	$(call title,The lab)
	@ansible-playbook vxlab.overlay.lab_up -i inventory/lab

.PHONY: lab-down
lab-down: setup ## Stop the lab and whatever runs in it
	@ansible-playbook vxlab.overlay.lab_down -i inventory/lab

.PHONY: vm-up
vm-up: $(ready) ## Start three virtual machines, real hosts, for inventory/vm (VM_SUITE=bookworm)
	@scripts/setup system vm
	$(call title,The virtual machines)
	@python -m vm up

.PHONY: vm-down
vm-down: $(ready) ## Stop the virtual machines
	@python -m vm down

# --- For developers

# What fails soonest comes first. Pytest comes last, so the end of the output counts its tests.
.PHONY: test
test: setup-test lint docs-lint unit sanity molecule integration ## Run every test that needs no VM
	@printf '\nmake test: everything passed\n'

.PHONY: lint
lint: setup-test ## Style, types, YAML, roles, shell
	$(call title,lint)
	@ruff check .
	@mypy
	@yamllint --strict .
	@ansible-lint --offline
	@shellcheck scripts/setup scripts/sanity .ci/run

.PHONY: docs-lint
docs-lint: setup-test ## The collection's documentation and changelog
	$(call title,docs-lint)
	@antsibull-docs lint-collection-docs --plugin-docs --skip-rstcheck $(collection)
	@cd $(collection) && antsibull-changelog lint

.PHONY: unit
unit: setup-test ## Tests that touch no kernel
	$(call title,unit)
	@pytest -q -n 2 $(collection)/tests/unit

.PHONY: sanity
sanity: setup-test ## ansible-test sanity
	$(call title,sanity)
	@scripts/sanity

.PHONY: molecule
molecule: setup-test ## The molecule scenarios, in labs of their own
	$(call title,molecule)
	@molecule test --all --exclude vm --no-command-borders

.PHONY: integration
integration: setup-test ## Modules against the kernel, and whole commands against a lab
	$(call title,integration)
	@pytest -q -n 2 --dist loadfile --durations=5 --ignore=tests/vm tests

.PHONY: test-vm
test-vm: setup-test ## Reboots, on virtual machines that it starts and stops
	@scripts/setup system vm
	$(call title,test-vm)
	@pytest -q tests/vm

.PHONY: bench
bench: setup-test ## What it costs, as ratios, and what a change of mode loses (ROUNDS=3)
	$(call title,bench)
	@PYTHONPATH=$(CURDIR):$(CURDIR)/collections python -m bench.entries
	@PYTHONPATH=$(CURDIR):$(CURDIR)/collections python -m bench.switch

.PHONY: clean
clean: ## Remove what make made here (stop the lab first: make lab-down)
	rm -rf $(VENV) .cache .ansible .hypothesis .pytest_cache .ruff_cache $(collection)/tests/output
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- Set-up: what is missing, and only that

.PHONY: setup
setup: $(ready)
	@scripts/setup system demo

.PHONY: setup-test
setup-test: $(ready)
	@scripts/setup system test

$(ready): requirements.txt scripts/setup
	@PYTHON='$(PYTHON)' scripts/setup venv $(venv)
	@touch $@
