# The front door. `make help` lists what it opens; the build itself is CMake (CMakePresets.json names every way of it).
.DEFAULT_GOAL := build
.PHONY: build deps test test-build test-races test-soak test-crash test-faults test-peers demo lint traceability format bench bench-core bench-store bench-node bench-backend bench-attest fuzz fuzz-sql coverage install help clean

JOBS ?= $(shell nproc)

build: deps ## the release build: build/release/deputy, libdeputy.a and libdeputy.so
	@cmake --preset release >/dev/null
	@tools/build release $(JOBS)

deps: ## installs what packages.txt lists and this machine lacks
	@tools/deps packages.txt

test: test-build ## every suite; the last line is the sum: N passed, N failed, N skipped
	@tools/run-tests build/debug-asan

test-build: deps build
	@cmake --preset debug-asan >/dev/null
	@tools/build debug-asan $(JOBS)

test-races: deps ## under ThreadSanitizer: what runs on several threads, then 64 clients against a node, SECONDS a race (default 10)
	@cmake --preset debug-tsan >/dev/null
	@cmake --build --preset debug-tsan --parallel $(JOBS) | tail -n 1
	@ctest --test-dir build/debug-tsan -R '^(http|run|store|node|backend)\.' --output-on-failure
	@tests/races/run build/debug-tsan $(or $(SECONDS),10)

test-soak: build test-build ## half of the peak with hostile requests in it, SECONDS (default 1200): no growth, no failure
	@tests/soak/run build/release/deputy build/debug-asan/soak_clients $(or $(SECONDS),1200)

test-crash: build test-build ## kills a node under load ROUNDS times (default 1000), a backend BACKEND_ROUNDS times (default 300) and a writing store, and holds them to what they said
	@CRASH_ROUNDS=200 build/debug-asan/test_store_crash
	@tests/crash/node.py build/release/deputy --rounds $(or $(ROUNDS),1000)
	@tests/crash/backend.py build/release/deputy --rounds $(or $(BACKEND_ROUNDS),300)

test-faults: test-build ## every write, sync and rename of a node and of a backup fails in turn, with EIO and ENOSPC
	@tests/faults/node.py build/debug-asan

test-peers: test-build ## our bytes and verdicts against other implementations, COUNT inputs a kind
	@tests/peers/run build/debug-asan $(or $(COUNT),1000)
	@tests/peers/attest/run.py build/debug-asan --count $(or $(COUNT),2000) $(if $(SEED),--seed $(SEED))

demo: build ## the whole story on a node of its own: one prompt, one delegation, attempts inside and outside the grant
	@tests/e2e/demo.py --deputy build/release/deputy

lint: deps ## arrows between rooms, traceability, formatting, clang-tidy, shell scripts
	@tools/deps packages-lint.txt
	@tools/check-arrows
	@tools/traceability
	@tools/lint

traceability: ## the rows of the decision and hardening tables that no test cites
	@tools/traceability --list

format: ## clang-format over the tree
	@tools/deps packages-lint.txt
	@tools/format

bench: bench-core bench-store bench-node bench-backend bench-attest ## what we promise, measured

bench-core: deps ## ratios of our operations to the bare primitives, taken in one run
	@tools/deps packages-bench.txt
	@bench/run-core

bench-store: deps ## closures and values read, and writes grouped, on this machine's disk
	@cmake --preset bench >/dev/null
	@cmake --build --preset bench --parallel $(JOBS) --target bench_store | tail -n 1
	@directory=$$(mktemp -d) && build/bench/bench_store "$$directory"; rm -rf "$$directory"

bench-node: deps ## what a request costs the node: CPU time a verify, latencies, memory, start, size (STRICT=1: a miss fails)
	@tools/deps packages-bench.txt
	@bench/run-node $(FIGURES)

bench-backend: deps ## what the backend costs beside its node: CPU time a read, memory (OWNERS=10000, STRICT=1: a miss fails)
	@bench/run-backend $(FIGURES)

bench-attest: deps ## what a verdict on evidence costs: beside its signatures, beside dcap-qvl, from the tool's start (STRICT=1: a miss fails)
	@bench/run-attest $(or $(ROUNDS),200)

fuzz-sql: deps ## SQL statements against databases of which a part is out of reach, SECONDS (default 1200)
	@cmake --preset debug-asan >/dev/null
	@tools/build debug-asan $(JOBS)
	@ASAN_OPTIONS=quarantine_size_mb=32 build/debug-asan/sqlfuzz $(or $(SECONDS),1200)

fuzz: deps ## every fuzz target, SECONDS each (default 600)
	@tests/fuzz/prepare
	@tests/fuzz/run $(or $(SECONDS),600)

coverage: deps ## lines and branches of src/token and src/grant that the tests reach
	@tools/deps packages-coverage.txt
	@tools/coverage

install: build ## installs into PREFIX (default /usr/local); DESTDIR is honoured
	@cmake --install build/release --prefix $(or $(PREFIX),/usr/local)

clean: ## removes everything built
	@rm -rf build

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' Makefile
