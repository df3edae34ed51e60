# Two commands: `make demo` shows Lyo at work on a real program, `make test` runs every test and judge.
# Both need Rust and Python (3.11 at least; 3.12 and 3.13 are tested where they are installed).

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

.PHONY: help build demo test test-rust test-runtime test-browser test-extension corpus runtimes judges judge-literate judge-generated judge-kinds judge-oracle \
        judge-mutation judge-verify judge-packages judge-documentation judge-failing judge-demand judge-regression bench lint

help:
	@echo "make demo   build Lyo, freeze-dry a real program, compare its start-up"
	@echo "make test   all tests and judges (corpus/README.md, tests/README.md)"
	@echo "make bench  the benchmarks (benches/README.md)"
	@echo "make lint   formatting and lints"

build:
	cargo build --release --package lyo-cli

demo:
	tests/demo.py

# The packages are installed first, so that nothing needs the network later.
test: corpus build test-rust runtimes test-runtime test-browser test-extension judges

corpus:
	corpus/install

test-rust:
	cargo test --workspace --exclude lyo-runtime

# The corpus environments get the package `lyo` as this tree has it.
runtimes: corpus
	@corpus/pythons | while read -r tag python; do \
	    tests/support/install_runtime.sh "$$python" ".cache/corpus/$$tag"; \
	done

test-runtime: runtimes
	@corpus/pythons | while read -r tag python; do \
	    echo "runtime tests, $$tag"; \
	    ".cache/corpus/$$tag/bin/python" -m unittest discover -s runtime/tests; \
	done

# The pages of `lyo report` in Chromium, which is installed where it is missing (and may be).
test-browser: build
	tests/browser/run

# The extension for VS Code: its types, its parts, its package.
test-extension:
	cd editors/vscode && PATH="$$(../../tests/support/node.sh):$$PATH" && \
	npm ci --no-audit --no-fund --silent && npm test --silent && npm run package --silent > /dev/null

judges: judge-literate judge-generated judge-kinds judge-documentation judge-mutation judge-oracle judge-failing judge-verify judge-demand

judge-literate: build corpus
	tests/literate.py

# A thousand programs for each interpreter; `tests/generated.py --count 100000` is the long run.
judge-generated: build corpus
	tests/generated.py

judge-kinds: build corpus
	tests/kinds.py

judge-documentation: build corpus
	tests/documentation.py

# Of the packages a sample: all of them are judged by `make judge-packages`, which takes hours.
judge-oracle: build corpus
	tests/import_oracle.py --sample 60

judge-mutation: build corpus
	tests/mutation.py
	tests/replayed.py

judge-verify: build runtimes
	tests/verify_all.py --stdlib-only
	tests/verify_all.py --packages-only --once --sample 40 $(addprefix --package ,$(VERIFIED))

# Packages that are quickly built. (Not _pytest: a text that two of its data classes share comes out as two.)
VERIFIED := click jinja2 requests rich attr pygments flask

judge-failing: build corpus
	tests/failing.py

judge-demand: build runtimes
	tests/demand.py

# The same judges over all packages of the corpus: not part of `make test` because it takes hours.
judge-packages: build runtimes
	tests/import_oracle.py --packages-only
	tests/verify_all.py --packages-only

# CPython's own tests, with the standard library from a bundle: a quarter of an hour a version.
judge-regression: build runtimes
	tests/regression.py

bench: build runtimes
	corpus/install --lifeguard
	corpus/install --large 3.13
	benches/check_vs_lifeguard
	benches/build_vs_compileall
	benches/lsp_latency
	benches/startup

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
