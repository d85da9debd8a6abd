# The whole project by one name each: `make help` lists them.
#
# A fresh machine needs go, git, make and gcc (for the race detector). Whatever
# else a target needs, it gets itself, and says so below.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Where the specs run: auto, kind, sim (simulated nodes), or existing with KUBECONFIG set.
CLUSTER ?= auto
# system uses only the container engine that is there; private (the default)
# may also start one of the project's own, and install Debian's docker.io for it.
ENGINE ?= private
# Leave empty for the defaults of `dsconform run --help`.
CONTROLLERS ?=
FOCUS ?=
KUBERNETES_VERSION ?=
NODE_IMAGE ?=
WORKERS ?=
# The number of simulated workers of CLUSTER=sim, and a folder with its programs.
NODES ?=
BINARIES_DIR ?=
# Where the official release files lie, if they can be reached: https://HOST/PATH.
RELEASE_URL ?=
# The controller under test, command:PATH, manifest:FILE or release:VERSION; empty for the cluster's own.
SUBJECT ?=
# The rows of make matrix.
MATRIX ?= clusters/matrix.yaml
# Whatever else goes to `dsconform run`, as ARGS='--seed 7 --strict'.
ARGS ?=
OUT ?= out
# The mutants of make mutation, by ID or area, with commas between them; how many
# are judged at once; all to run every spec against each; yes to go on with what there is.
MUTANTS ?=
JOBS ?=
KILLS ?=
RESUME ?=
# The runs of make soak (JOBS of them at once), their busy loops at most, the
# specs that each draws, and the share of wrong verdicts that is let pass; empty
# for the defaults of its --help.
N ?=
LOAD ?=
SAMPLE ?=
BUDGET ?=
# What make mutation-framework changes.
PACKAGES ?= framework/oracle framework/invariants framework/history reports
# Where specs that set faults live, and what make faults runs.
FAULT_AREAS := resilience,cost

BIN := bin/dsconform
# Read only by the target that stamps them.
VERSION = $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# k8s.io/kubectl v0.X.Y is kubectl v1.X.Y; unstamped, it would call itself v0.0.0.
KUBECTL_VERSION = $(shell go list -m -f '{{.Version}}' k8s.io/kubectl | sed 's/^v0\./v1./')
KUBECTL_LDFLAGS = -s -w -X k8s.io/component-base/version.gitVersion=$(KUBECTL_VERSION) \
	-X k8s.io/client-go/pkg/version.gitVersion=$(KUBECTL_VERSION)
LDFLAGS = $(KUBECTL_LDFLAGS) -X main.version=$(VERSION)

RUN_FLAGS = \
	$(if $(filter private,$(ENGINE)),--private-engine) \
	$(if $(CONTROLLERS),--controllers='$(CONTROLLERS)') \
	$(if $(FOCUS),--focus='$(FOCUS)') \
	$(if $(KUBERNETES_VERSION),--kubernetes-version='$(KUBERNETES_VERSION)') \
	$(if $(NODE_IMAGE),--node-image='$(NODE_IMAGE)') \
	$(if $(WORKERS),--workers='$(WORKERS)') \
	$(if $(NODES),--nodes='$(NODES)') \
	$(if $(BINARIES_DIR),--binaries-dir='$(BINARIES_DIR)') \
	$(if $(RELEASE_URL),--release-url='$(RELEASE_URL)') \
	$(if $(SUBJECT),--subject='$(SUBJECT)')

.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  Settings of e2e, by name=value: CLUSTER ENGINE CONTROLLERS FOCUS KUBERNETES_VERSION NODE_IMAGE WORKERS NODES BINARIES_DIR RELEASE_URL SUBJECT OUT ARGS"
	@echo "  Settings of matrix: MATRIX FOCUS NODES OUT ARGS"
	@echo "  Settings of mutation: MUTANTS JOBS KILLS RESUME ARGS"
	@echo "  Settings of mutation-framework: PACKAGES"
	@echo "  Settings of soak: N JOBS LOAD SAMPLE BUDGET ARGS"
	@echo "  Settings of faults: SUBJECT KUBERNETES_VERSION FOCUS NODES OUT ARGS"
	@echo "  Settings of histories: SUBJECT KUBERNETES_VERSION OUT ARGS"

.PHONY: check-engine
check-engine:
	@case '$(ENGINE)' in private|system) ;; *) echo "ENGINE is '$(ENGINE)'; it must be private or system" >&2; exit 2 ;; esac

.PHONY: build
build: ## Build bin/dsconform, one static executable.
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/dsconform

.PHONY: mutants
mutants: ## Build bin/mutants, the upstream controller with one defect at a time, which SUBJECT=command:bin/mutants judges (DSCONFORM_MUTANT=ID; bin/mutants --list).
	cd framework/mutants && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o ../../bin/mutants .

.PHONY: e2e
e2e: check-engine build ## Run the suite, on a real cluster or on simulated nodes. May install Debian packages (docker.io and what a node image is composed of) unless ENGINE=system or CLUSTER=sim.
	./$(BIN) run --cluster='$(CLUSTER)' $(RUN_FLAGS) --out '$(OUT)' $(ARGS)

.PHONY: matrix
matrix: build ## Run the suite on simulated nodes for each release in clusters/matrix.yaml. The first time it builds them all, which takes an hour and more.
	./$(BIN) run --cluster=sim --matrix='$(MATRIX)' $(if $(FOCUS),--focus='$(FOCUS)') $(if $(NODES),--nodes='$(NODES)') --out '$(OUT)' $(ARGS)

.PHONY: faults
faults: build ## Judge what a controller survives, on simulated nodes, with faults set between it and the API server: SUBJECT=command:PATH, or without it the stock controller, which is built as a program of its own.
	./$(BIN) run --cluster=sim --faults --subject='$(or $(SUBJECT),release)' --focus='$(or $(FOCUS),$(FAULT_AREAS))' \
		$(if $(KUBERNETES_VERSION),--kubernetes-version='$(KUBERNETES_VERSION)') $(if $(NODES),--nodes='$(NODES)') --out '$(OUT)' $(ARGS)

.PHONY: histories
histories: build ## Judge the controller by 500 random sequences of edits, on simulated nodes (SUBJECT=command:PATH for another; ARGS='--seed 7' or ARGS='--replay FILE' for the same again).
	./$(BIN) histories $(if $(SUBJECT),--subject='$(SUBJECT)') $(if $(KUBERNETES_VERSION),--kubernetes-version='$(KUBERNETES_VERSION)') --out '$(OUT)/histories' $(ARGS)

.PHONY: example
example: ## Build bin/minimal-controller, the foreign implementation of examples/minimal-controller.
	cd examples/minimal-controller && CGO_ENABLED=0 go build -trimpath -o ../../bin/minimal-controller .

.PHONY: certify-example
certify-example: build example ## Judge that implementation on simulated nodes: exactly what its expected.yaml lists must fail. ARGS=--smoke runs a part.
	./$(BIN) run --cluster=sim --matrix=examples/minimal-controller/expected.yaml $(if $(FOCUS),--focus='$(FOCUS)') $(if $(NODES),--nodes='$(NODES)') --out '$(OUT)/example' $(ARGS)

.PHONY: unit
unit: ## Run the unit tests under the race detector; no cluster is needed.
	modules="$$(hack/modules.sh)"; for module in $$modules; do (cd "$$module" && CGO_ENABLED=1 go test -race ./...); done

.PHONY: smoke
smoke: check-engine build ## Run at least one spec of each area on a kind cluster. May install what e2e may.
	./$(BIN) run --cluster=kind $(RUN_FLAGS) --smoke --out '$(OUT)/smoke' $(ARGS)

.PHONY: sim
sim: build ## Run the whole suite on simulated nodes, all that needs no real kubelet.
	./$(BIN) run --cluster=sim $(if $(NODES),--nodes='$(NODES)') $(if $(BINARIES_DIR),--binaries-dir='$(BINARIES_DIR)') --out '$(OUT)/sim' $(ARGS)

.PHONY: test
test: unit smoke sim ## Run the unit tests, then the smoke run on kind, then the whole suite on simulated nodes.

.PHONY: verify
verify: ## Check formatting, vet, linters, generated files and modules; no cluster is needed. The first run builds the linter.
	./hack/verify.sh

.PHONY: update
update: ## Repair what verify finds, as far as a program can.
	./hack/update.sh

.PHONY: generate
generate: ## Write the generated files: the report's schema, docs/catalogue.md, docs/cli.md.
	./hack/update-generated.sh

.PHONY: fmt
fmt: ## Format the Go files.
	./hack/update-gofmt.sh

.PHONY: lint
lint: ## Run the linters of .golangci.yml.
	./hack/lint.sh

# Programs without a stamp of the commit: the verdicts hold for their bytes, and
# a commit that changes neither leaves them as they are.
.PHONY: mutation-programs
mutation-programs:
	mkdir -p out/mutation/bin
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '$(KUBECTL_LDFLAGS)' -o out/mutation/bin/dsconform ./cmd/dsconform
	CGO_ENABLED=0 go build -C framework/mutants -trimpath -buildvcs=false -ldflags '-s -w' -o '$(CURDIR)/out/mutation/bin/mutants' .
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -o out/mutation/bin/runner ./hack/mutation

.PHONY: mutation
mutation: mutation-programs ## Judge the suite by mutants of the stock controller, on simulated nodes, and write out/mutation.json and, when all are judged, docs/mutation.md and docs/mutation.json. An hour on two cores; KILLS=all runs every spec against every mutant and takes many.
	./out/mutation/bin/runner $(if $(MUTANTS),--mutants='$(MUTANTS)') $(if $(JOBS),--jobs='$(JOBS)') \
		$(if $(filter all,$(KILLS)),--matrix) $(if $(RESUME),--resume) $(ARGS)

.PHONY: mutation-framework
mutation-framework: ## Change the framework's own sources, one place at a time, and see that a unit test fails; writes docs/framework-mutation.md. PACKAGES picks some of them. An hour.
	mkdir -p out/mutation-framework
	go build -C hack/gremlins -o '$(CURDIR)/out/mutation-framework/gremlins' github.com/go-gremlins/gremlins/cmd/gremlins
	for package in $(PACKAGES); do \
		GOFLAGS="-vet=off -ldflags=-w" ./out/mutation-framework/gremlins unleash --workers 1 --timeout-coefficient 20 \
			--output "out/mutation-framework/$${package//\//-}.json" "./$$package"; \
	done
	go run ./hack/mutation/framework $(PACKAGES)

.PHONY: mutation-upstream
mutation-upstream: mutation-programs ## Try Kubernetes' own DaemonSet specs on the same mutants and add what they make of them to docs/mutation-upstream.jsonl, for docs/mutation.md. The first time it builds them, which takes ten minutes; what was judged before with the same programs is kept.
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -o out/mutation/bin/upstream ./hack/upstream
	code=0; ./out/mutation/bin/upstream --dsconform=out/mutation/bin/dsconform --program=out/mutation/bin/mutants \
		$(if $(MUTANTS),--mutants='$(MUTANTS)') $(if $(JOBS),--jobs='$(JOBS)') $(ARGS) || code=$$?; \
	if [ -e docs/mutation.json ]; then ./out/mutation/bin/runner --page --out=docs/mutation.json; fi; \
	exit $$code

.PHONY: soak
soak: ## Judge the stock controller N times (100, each ten minutes and more) on simulated nodes, with seeds and load that differ, and write out/soak.json and docs/reliability.md. It goes on where it was interrupted; exit code 1 when more goes wrong than the budget lets pass.
	mkdir -p out/soak/bin
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '$(KUBECTL_LDFLAGS)' -o out/soak/bin/dsconform ./cmd/dsconform
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -o out/soak/bin/runner ./hack/soak
	./out/soak/bin/runner $(if $(N),--runs='$(N)') $(if $(JOBS),--jobs='$(JOBS)') $(if $(LOAD),--load='$(LOAD)') $(if $(SAMPLE),--sample='$(SAMPLE)') $(if $(BUDGET),--budget='$(BUDGET)') $(ARGS)

.PHONY: bench-cluster
bench-cluster: check-engine build ## Time the making and removal of a four-node cluster, and a node that joins and leaves.
	./hack/bench-cluster.sh $(if $(filter private,$(ENGINE)),--private-engine) \
		$(if $(KUBERNETES_VERSION),--kubernetes-version='$(KUBERNETES_VERSION)') \
		$(if $(NODE_IMAGE),--node-image='$(NODE_IMAGE)')

.PHONY: bench-scale
bench-scale: build ## Time rollouts on 100, 1000 and 5000 simulated nodes (NODES=100,1000 for others), beside plain kubectl on KWOK's own stages.
	go run ./hack/scale --dsconform ./$(BIN) $(if $(NODES),--nodes='$(NODES)')

.PHONY: check-kill
check-kill: build ## Kill a run on simulated nodes twenty times (TIMES=20) and look for what it leaves.
	./hack/check-kill.sh

.PHONY: clean
clean: build ## Delete our clusters, our engine, all caches, out/ and bin/.
	./$(BIN) clean
	rm -rf -- out bin coverage.out
