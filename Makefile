SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help run test fuzz build site bench watch fmt lint lint-deny screenshots setup clean

help: ## Shows this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 22

run: ## Sets everything up and opens the shop at http://localhost:3000
	@scripts/run

test: ## Sets everything up and runs every test
	@scripts/test

fuzz: ## Breeds inputs for what reads bytes from outside, a minute for each target (TARGET=frame SECONDS=600)
	@scripts/fuzz "$(TARGET)" "$(SECONDS)"

build: ## Builds the shop for use: target/release/noren, with its site beside it
	@scripts/setup run
	@. scripts/lib.sh && build_release

site: ## Builds what the browser tests open, without running them
	@scripts/setup run
	@. scripts/lib.sh && build_shop

bench: ## Builds for release and prints the figures of docs/BENCHMARKS.md
	@scripts/bench

watch: ## Rebuilds and reloads while you work
	@scripts/setup run
	@. scripts/lib.sh && exec cargo leptos watch

fmt: ## Puts the code into its form
	@cargo fmt --all
	@cargo fmt --manifest-path fuzz/Cargo.toml

lint: ## Clippy on both sides, warnings denied
	@cargo clippy -p noren-domain -p noren-ledger -p noren-shop -p noren-vault -p noren-app -p noren-server -p noren-sample-draw -p noren-bench --all-targets -- -D warnings
	@cargo clippy -p noren-frontend --target wasm32-unknown-unknown -- -D warnings
	@cargo clippy -p noren-frontend --target wasm32-unknown-unknown --features split -- -D warnings

lint-deny: ## Licences, bans, sources (installs cargo-deny into .tools first)
	@. scripts/lib.sh && { have cargo-deny || cargo install cargo-deny --locked --root "$$tools"; } && cargo deny --all-features check bans licenses sources

screenshots: ## Takes a picture of every page into screenshots/
	@scripts/screenshots

setup: ## Gets the tools ready, nothing else
	@scripts/setup

clean: ## Removes what was built (tools and the data folder stay)
	@cargo clean
	@rm -rf end2end/test-results end2end/playwright-report screenshots
