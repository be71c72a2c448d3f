# mcdns: `make help` lists the targets; .ci/run is what CI runs.
VERSION  = $(shell packaging/version.sh)
B        = build
FUZZTIME = 20000x
GOBUILD  = CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -buildid= -X main.version=$(VERSION)'
NSSFLAGS = -std=c11 -O2 -fPIC -fexceptions -Wall -Wextra -Werror -fvisibility=hidden -ffile-prefix-map=$(CURDIR)=.
NSSLINK  = -shared -Wl,-soname,libnss_mcdns.so.2 -Wl,-z,now -Wl,-z,relro -Wl,-z,nodelete -Wl,--no-undefined \
           -Wl,--version-script=nss/mcdns.map -Wl,--build-id=none
# A clone that another user owns cannot be stamped with its commit.
export GOFLAGS += -buildvcs=false
# Distributions tell their Go not to fetch the release that go.mod asks for.
export GOTOOLCHAIN ?= auto

.PHONY: help build need need-lab demo sim sim-quick golden rivals rivals-quick outage outage-quick order parity soak attack attack-quick fuzz test vet race test-nss nss-cshared \
	test-lab-real packages test-packages test-packages-quick install uninstall clean $(addprefix $(B)/,mcdns-sim demo outage soak attacks)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 20

build: need $(B)/libnss_mcdns.so.2 ## build mcdnsd, mcdns and libnss_mcdns.so.2 into build/
	$(GOBUILD) -o $(B)/mcdnsd ./daemon/cmd/mcdnsd
	$(GOBUILD) -o $(B)/mcdns ./daemon/cmd/mcdns

$(B)/libnss_mcdns.so.2: $(wildcard nss/*.c nss/*.h) nss/mcdns.map Makefile
	@mkdir -p $(B)
	$(CC) $(NSSFLAGS) $(NSSLINK) -o $@ $(wildcard nss/*.c)

need need-lab:
	@sh test/demo/need.sh $(findstring lab,$@)
$(B)/demo $(B)/outage $(B)/soak: need
	go build -o $@ ./test/$(@F)
$(B)/attacks: need
	go build -o $@ ./test/attack
	go build -o $(B)/virtual ./test/attack/virtual
$(B)/mcdns-sim: need
	go build -o $@ ./test/sim/cmd/mcdns-sim

demo: need-lab build $(B)/demo ## a LAN loses its DNS server, and nobody notices (no root, under 60 s)
	$(B)/demo
test: vet build race sim-quick ## everything an ordinary user can prove, under 10 minutes
vet: need
	@test -z "$$(gofmt -l gocore daemon test nss)" || { gofmt -d gocore daemon test nss; exit 1; }
	go vet ./...
	go vet -tags rivals ./test/rivals
# The core has no goroutine, and neither have its tests (gocore/purity_test.go): the race detector finds nothing
# there, and makes its tests seven times slower. LATER: packages that another target tests.
race:
	go test ./gocore/...
	go test -race $$(go list ./... | grep -v '^mcdns/gocore' $(if $(LATER),| grep -v '^$(LATER)'))

QUICK = $(if $(findstring quick,$@),-quick)
sim: ## the shipped node on a virtual LAN of up to 10,000 hosts (an hour); sim-quick: two minutes
sim sim-quick: $(B)/mcdns-sim
	$(B)/mcdns-sim $(QUICK)
rivals: ## models of other systems on the lookups of the simulator's hosts (half an hour); rivals-quick: two minutes
rivals rivals-quick: need
	go test -tags rivals ./test/rivals
	go run ./test/rivals $(QUICK)
golden: need ## every run of test/sim/testdata/golden.txt comes to its digest; REWRITE=-rewrite writes it again
	go test -count=1 -run GoldenDigests ./test/sim/figures -golden $(REWRITE)
outage: ## every way to lose a DNS server, on 20 real hosts, beside other resolvers; outage-quick: 8 hosts
outage outage-quick: need-lab build $(B)/outage
	sh test/outage/resolved.sh
	$(B)/outage $(QUICK) $(addprefix -beside ,$(BESIDE))
attack: ## what an attacker on the LAN can do, tried on real hosts, and on those of before; attack-quick: five minutes
attack attack-quick: need-lab build $(B)/attacks
	sh test/attack/before.sh
	$(B)/attacks $(QUICK)
order: need-lab build ## the order of the servers in resolv.conf, on real hosts beside nss-dns (ten minutes)
	MCDNS_TEST_ORDER=all go test -count=1 -v -timeout 30m ./test/order
parity: need-lab build ## 50,000 questions to servers that fail for some names, beside nss-dns
	MCDNS_TEST_PARITY=50000 go test -count=1 -v -timeout 60m -run TestServersThatFailForSomeNames ./test/nss/parity
soak: need-lab build $(B)/soak ## an hour of 10 real hosts, four of which come and go: nothing grows in the others
	$(B)/soak
fuzz: need ## every parser against hostile bytes, FUZZTIME (20000x, 10m) of each beside the kept corpora
	sh test/fuzz.sh $(FUZZTIME) $(FUZZONLY)
nss-cshared: need ## the module's other build, with a Go runtime: build/cshared/ (see nss/README.md)
	CGO_ENABLED=1 CGO_CFLAGS="-O2 -fexceptions" go build -trimpath -tags cshared -buildmode=c-shared -ldflags "-s -w -extldflags \
	  '-Wl,--version-script=$(CURDIR)/nss/mcdns.map -Wl,-soname,libnss_mcdns.so.2 -Wl,-z,now -Wl,-z,nodelete'" \
	  -o $(B)/cshared/libnss_mcdns.so.2 ./nss
test-nss: need-lab build nss-cshared ## no program notices the module: the whole suite, both builds
	rm -f $(B)/test-nss.json $(B)/test-nss.md
	MCDNS_TEST_NSS_JSON=$(CURDIR)/$(B)/test-nss.json go test -count=1 -p 1 -timeout 30m ./test/nss/...
	@cat $(B)/test-nss.md
test-lab-real: need-lab build $(B)/demo ## the lab and the demo with unbound as their DNS server
	MCDNS_LAB_SERVER=unbound go test -count=1 ./test/lab
	MCDNS_LAB_SERVER=unbound $(B)/demo

packages: ## this machine's .deb and .rpm in build/packages; ALL=1: those of other architectures too
	packaging/build.sh $(B)
test-packages: ## the packages on booted Debian machines (root); test-packages-quick: three minutes
test-packages test-packages-quick: need
	test/packages/prepare.sh $(if $(QUICK),quick,all)
	MCDNS_TEST_PACKAGES=$(if $(QUICK),quick,all) go test -count=1 -timeout 60m ./test/packages

install: ## put all in place (DESTDIR, PREFIX, LIBDIR: where the C library looks for the module)
	packaging/compile.sh $(B)
	packaging/install.sh install $(CURDIR)/$(B)
uninstall: ## take all away again, off the hosts line too; what is in /etc/mcdns stays
	packaging/install.sh uninstall $(CURDIR)/$(B)
clean: ## remove build/
	rm -rf $(B)
