# The commands of the project. `make help` lists them; each prints what it does and fails with a remedy.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
CARGO ?= cargo
# What was built, wherever the builder keeps it.
TARGET := $(or $(CARGO_TARGET_DIR),target)
BIN := $(TARGET)/debug
CYCLES ?= 500
FUZZ ?= scan_framer
# The shell has a variable of that name: only one from the command line counts.
SECONDS := $(if $(filter command line,$(origin SECONDS)),$(SECONDS),300)

.PHONY: help run demo test lint unit rigs browser images-check test-rauc layout yocto-crates yocto-check yocto-parse cross cross-check image test-image cut-image kill test-usb bench build kiosk setup setup-emulator setup-kiosk setup-test fuzz deny

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

run: build ## Kiosk, simulated devices and a local district server, in a window where there is a display
	$(BIN)/hall-rig run

demo: build ## The same without a person: a scripted hall morning, results in target/demo/
	$(BIN)/hall-rig demo --out target/demo

test: setup-test lint unit rigs browser images-check test-rauc yocto-check ## Everything that CI runs
	@echo "make test: everything passed"

lint: setup ## Formatting and lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

unit: setup-test ## Unit, property, golden and tidy tests
	$(CARGO) test --workspace --locked

rigs: setup-test build ## The demo with its checks, a short kill -9 campaign, and a foreign client on the fake printer
	$(BIN)/hall-rig demo --out target/demo
	$(BIN)/hall-rig judge --out target/demo
	$(BIN)/hall-rig kill --cycles 60 --seed 1
	FAKE_DEVICE=$(abspath $(BIN))/fake-device node --test tests/receiptio/judge.test.mjs

browser: setup-test build ## Officer console, hall display and server pages in a real Chromium
	$(BIN)/hall-rig browser --scripts tests/browser

images-check: setup-test ## The disk's layout, units, sandboxes, firewall and USB rules, judged by other people's programs; the initramfs tried
	images/check-layout.sh
	images/check-overlay.sh
	images/initramfs/check.sh

test-rauc: setup-test ## Updates through a real RAUC service, on files for partitions (mounts bundles, so as root or by sudo)
	[ "$$(id -u)" = 0 ] || export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="sudo -E"; \
	  $(CARGO) test --locked -p kiosk-bootctl --test command -- --ignored

cross: ## The programs of the image, for its processor, in a chroot of Debian's (root; the first time some 20 min)
	images/cross.sh

cross-check: ## The same twice from nothing: the bytes must agree
	images/cross.sh --again

image: ## The firmware: target/images/kiosk.img to flash and kiosk.raucb to update with (root; after make cross)
	images/image.sh

test-image: setup-test setup-emulator ## The image in an emulated machine: ONLY="home update" names scenarios; results in target/images/ (after make image)
	$(CARGO) build --locked -p image-rig -p district-server
	$(BIN)/image-rig $(ONLY)

cut-image: setup-test setup-emulator ## 100 power cuts of the emulated kiosk at work, the positive control, 20 cuts in updates: some 75 minutes on two idle cores (after make image)
	$(CARGO) build --locked -p image-rig -p district-server
	$(BIN)/image-rig cut

layout: setup ## Write what follows from images/layout.toml (partition tables, update slots, boot order)
	$(CARGO) run --locked -q -p image-gen

yocto-crates: ## Write the Yocto layer's list of crates from Cargo.lock
	yocto/crates.py

yocto-check: setup-test ## The Yocto layer in front of BitBake's library, oelint and kas, without internet; part of `make test`
	yocto/check/run.sh

yocto-parse: ## The same in front of the real layers: make yocto-parse LAYERS=dir (yocto/check/parse.sh lists the folders)
	yocto/check/parse.sh $(LAYERS)

kill: build ## The long kill -9 campaign: make kill CYCLES=500
	$(BIN)/hall-rig kill --cycles $(CYCLES)

test-usb: setup ## The drivers on USB devices of a real kernel, in qemu; results in target/usb-guest/
	tests/usb-guest/run.sh

bench: setup ## Figures: cold start, tap to first byte, memory; in target/bench/
	$(CARGO) build --release --locked --workspace
	$(TARGET)/release/hall-rig bench --out target/bench
	CARGO="$(CARGO)" drivers/benches/tickets.sh target/bench

build: setup ## Build everything once
	$(CARGO) build --workspace --locked

kiosk: setup-kiosk ## The kiosk's program for its own touchscreen (no desktop, no simulated parts), optimised
	$(CARGO) build --release --locked -p kiosk-app --no-default-features --features linuxkms
	@echo "make kiosk: $(TARGET)/release/kiosk-app; docs/install.md says where it goes"

fuzz: ## One fuzz target: make fuzz FUZZ=scan_framer SECONDS=300 (drivers/fuzz/README.md lists them)
	@command -v cargo-fuzz >/dev/null || { echo "make fuzz: cargo-fuzz is missing. Remedy: cargo install cargo-fuzz" >&2; exit 1; }
	mkdir -p drivers/fuzz/corpus/$(FUZZ)
	RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run --fuzz-dir drivers/fuzz --sanitizer none $(FUZZ) drivers/fuzz/corpus/$(FUZZ) drivers/fuzz/seeds/$(FUZZ) -- -max_total_time=$(SECONDS)

setup: ## Install what building needs (apt)
	tests/setup.sh build

setup-kiosk: ## Install what the build for a touchscreen needs (apt)
	tests/setup.sh kiosk

setup-emulator: ## Install what booting the image needs (apt)
	tests/setup.sh emulator

setup-test: ## Install what testing needs (apt, npm)
	tests/setup.sh test

deny: ## Licences, advisories and sources of the dependencies (needs cargo-deny)
	$(CARGO) deny check
