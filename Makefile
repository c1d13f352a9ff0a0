# The two that matter: `make demo` and `make test`. Both install what is missing first, and say so.
CARGO ?= cargo
TORTURE ?= torture

# Failpoints change the program: built last, and every other target builds it anew without them.
FAILPOINTS = $(CARGO) test --locked --features failpoints --test failpoints

# Where `make agents` installs the programs, and what it passes on: AGENTS_ARGS='--only claude --check done'.
AGENTS_IN ?= $(CURDIR)/target/agents
AGENTS_ARGS ?= --docs docs/agents-tested.md

.PHONY: help setup demo test agents torture versions bench pictures lint deny ci

help:
	@echo 'make demo     the whole tour on real git and tmux, with scripted agents'
	@echo 'make test     every test'
	@echo 'make agents   the real agent programs, installed and tried with models on loopback (AGENTS=latest: the newest)'
	@echo 'make torture  the torture tests at full length, and docs/reliability.md (TORTURE=full for hours)'
	@echo 'make versions the tests that face tmux and git, with every version that Debian has of them'
	@echo 'make bench    a dispatch beside its floor, and the memory of a shim'
	@echo 'make pictures the pictures of the README, from the real program'
	@echo 'make lint     format, lints, documentation'
	@echo 'make ci       everything that decides whether a change lands'

setup:
	@./assets/setup.sh

demo: setup
	$(CARGO) run --locked --quiet -- demo

test: setup
	$(CARGO) test --locked
	$(FAILPOINTS)

torture: setup
	@rm -rf target/torture && mkdir -p target/torture
	@export GANGER_TORTURE=$(TORTURE) GANGER_RESULTS=$(CURDIR)/target/torture/results.jsonl; outcome=passed; \
	$(CARGO) test --locked --test it || outcome=failed; \
	$(FAILPOINTS) || outcome=failed; \
	$(CARGO) run --locked --quiet --example reliability -- target/torture/results.jsonl $(TORTURE) $$outcome; \
	test $$outcome = passed
	tests/versions.sh run

# Not a part of `make ci`: it installs half a gigabyte of programs that others release, and takes a quarter of an hour.
agents: setup
	$(CARGO) build --locked
	AGENTS='$(AGENTS)' tests/agents/install.sh $(AGENTS_IN)
	tests/agents/start.sh $(AGENTS_IN) $(CURDIR)/target/debug/ganger $(AGENTS_ARGS)

versions: setup
	tests/versions.sh run

bench: setup
	$(CARGO) build --locked --release
	$(CARGO) run --locked --release --example bench

pictures: setup
	$(CARGO) build --locked --release
	$(CARGO) run --locked --release --example pictures

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	$(CARGO) clippy --locked --all-targets --features failpoints -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --no-deps --document-private-items

# Licences, bans and sources; advisories need a database that is fetched from elsewhere: `cargo deny check`.
deny:
	@command -v cargo-deny >/dev/null || \
		{ echo 'cargo-deny is missing: building it (some minutes, once a machine)'; $(CARGO) install --locked --quiet cargo-deny; }
	$(CARGO) fetch --locked --quiet
	$(CARGO) deny --offline check licenses bans sources

ci: test demo lint deny
