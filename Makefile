# Needs Go and a shell; the targets that need more say so. Every target's line with ## is its help.

.DEFAULT_GOAL := help

ARGS     ?=
FUZZTIME ?= 20s
FUZZ     ?= ./...
BENCH    ?= .
COUNT    ?= 1

# go stamps the commit into the binary (weir version shows it); where git cannot tell, as in a tarball, it must not try.
BUILDVCS = $$(git log -1 >/dev/null 2>&1 && echo true || echo false)

# The linters see what go leaves out of ./... as well: folders that begin with a dot.
PACKAGES := ./... ./.ci/reach

# The packages whose tests start a broker through internal/kafkatest.
KAFKA_PACKAGES = $$(go list -f '{{.ImportPath}} {{.TestImports}} {{.XTestImports}}' ./... | awk '/internal\/kafkatest/ {print $$1}')

.PHONY: help
help: ## list the targets
	@echo 'usage: make TARGET [NAME=value …]'
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' Makefile

.PHONY: demo
demo: build ## run weir on a year of real flights, broker included; needs only Go (ARGS='--keep', '--output json', …)
	@bin/weir demo $(ARGS)

# CI is emptied where the quick tests are wanted: with CI=true internal/kafkatest starts a real broker by itself.

.PHONY: test
test: need-go ## run the quick tests, on an in-process broker; needs only Go
	@go version
	CI= go test ./...

# What runs on kfake alone is left to make test.

.PHONY: test-kafka
test-kafka: need-go ## run the tests on a real Apache Kafka; needs Java 17 and Maven, or KAFKA_BROKERS=host:port
	@[ -n "$$KAFKA_BROKERS" ] || java -version >/dev/null 2>&1 || { echo 'make test-kafka needs Java 17 or newer: no java in PATH' >&2; exit 1; }
	@[ -n "$$KAFKA_BROKERS" ] || mvn --version >/dev/null 2>&1 || { echo 'make test-kafka needs Maven, which fetches Apache Kafka: no mvn in PATH' >&2; exit 1; }
	WEIR_KAFKA=1 go test -count=1 -p 1 -timeout 15m -skip '/^kfake$$|^TestFaultsOfTheProtocol|^TestSessionKeepsTheLedgerUnderProtocolErrors|^TestDemoIsTheSameWithoutTheFastPath' $(KAFKA_PACKAGES)

# Three times a year of flights take the race detector many minutes; internal/demo shows it the same stages over two
# months. Under it pools forget what they hold at random, so that counts of allocated bytes say nothing.

.PHONY: race
race: need-go ## run the quick tests under the race detector; needs a C compiler
	CI= CGO_ENABLED=1 go test -race -timeout 15m -skip '^TestDemoIsTheSameWithoutTheFastPath|^TestBytesAreAtMostThoseOfTheSteps' ./...

.PHONY: fuzz
fuzz: need-go ## run every fuzz target of the packages FUZZ (all) for FUZZTIME (20s)
	@sh .ci/fuzz $(FUZZTIME) $(FUZZ)

.PHONY: bench
bench: need-go ## run the benchmarks (BENCH='regexp' COUNT=n); compare two runs with benchstat
	go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) ./...
	@echo 'to compare: make bench COUNT=10 >old.txt, change, >new.txt, go tool benchstat old.txt new.txt' >&2

# The runner itself says which tool a peer lacks and how to leave that peer out.

.PHONY: bench-validate
bench-validate: need-go ## compare weir's verdict with other validators' (ARGS='-peers rust,v5 -write'); needs cargo, node, Java 17 and Maven, or fewer -peers
	@mkdir -p .weir/bench
	CGO_ENABLED=0 go build -o .weir/bench/validate ./benchmarks/validate
	@.weir/bench/validate $(ARGS)

.PHONY: lint
lint: need-go ## gofmt, go vet, staticcheck, go.mod tidy and verified
	@echo 'gofmt -s -l'
	@unformatted=$$(gofmt -s -l .ci benchmarks cmd contracts internal) && \
		if [ -n "$$unformatted" ]; then printf 'not formatted as gofmt -s does:\n%s\n' "$$unformatted" >&2; exit 1; fi
	go vet $(PACKAGES)
	go tool staticcheck $(PACKAGES)
	go mod tidy -diff
	go mod verify

.PHONY: vuln
vuln: need-go ## look for known vulnerabilities that the code reaches (GOVULNDB=URL for another database)
	@sh .ci/vuln

.PHONY: build
build: need-go ## build bin/weir
	@echo 'building weir …' >&2
	@start=$$(date +%s) && \
		CGO_ENABLED=0 go build -trimpath -buildvcs=$(BUILDVCS) -ldflags '-s -w' -o bin/weir ./cmd/weir && \
		echo "building weir … done in $$(($$(date +%s) - start)) s" >&2

.PHONY: check
check: lint test race vuln ## lint, test, race and vuln

.PHONY: clean
clean: ## remove what make built or fetched
	rm -rf bin .weir

.PHONY: need-go
need-go:
	@go version >/dev/null 2>&1 || { echo 'weir needs Go 1.26 or newer in PATH: https://go.dev/dl' >&2; exit 1; }
