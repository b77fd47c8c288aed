# The front door. `make help` lists what it opens; the build itself is CMake (CMakePresets.json names every way).
.DEFAULT_GOAL := build
.PHONY: build test-build deps help

build: deps ## the release build: build/release/deputy and libdeputy
	@cmake --preset release >/dev/null
	@cmake --build --preset release

test-build: deps
	@cmake --preset debug-asan >/dev/null
	@cmake --build --preset debug-asan

deps: ## installs the packages of packages.txt that are missing
	@tools/deps

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' Makefile
