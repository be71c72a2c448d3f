# mcdns: `make help` lists the targets. CI runs them through .ci/run.
VERSION  = 0.1.0
PREFIX   = /usr
B        = build
GOBUILD  = CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w -buildid= -X main.version=$(VERSION)'
NSSFLAGS = -std=c11 -O2 -g -fPIC -Wall -Wextra -Werror -fvisibility=hidden -ffile-prefix-map=$(CURDIR)=.
NSSLINK  = -shared -Wl,-soname,libnss_mcdns.so.2 -Wl,-z,now -Wl,-z,relro -Wl,-z,nodelete -Wl,--no-undefined \
           -Wl,--version-script=nss/mcdns.map -Wl,--build-id=none
GOTEST   = go test -buildvcs=false
export GOFLAGS += -buildvcs=false

.PHONY: help build need need-lab $(B)/demo demo test vet race test-lab-real clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 20

build: need $(B)/libnss_mcdns.so.2 ## build mcdnsd, mcdns and libnss_mcdns.so.2 into build/
	$(GOBUILD) -o $(B)/mcdnsd ./daemon/cmd/mcdnsd
	$(GOBUILD) -o $(B)/mcdns ./daemon/cmd/mcdns

$(B)/libnss_mcdns.so.2: $(wildcard nss/*.c nss/*.h) nss/mcdns.map
	@mkdir -p $(B)
	$(CC) $(NSSFLAGS) $(NSSLINK) -o $@ $(wildcard nss/*.c)

need:
	@sh test/demo/need.sh

$(B)/demo: need
	go build -o $@ ./test/demo

need-lab:
	@sh test/demo/need.sh lab

demo: need-lab build $(B)/demo ## a LAN loses its DNS server, and nobody notices (no root needed, under 60 s)
	$(B)/demo

test: build vet race ## everything an ordinary user can prove, under 10 minutes

vet:
	@test -z "$$(gofmt -l gocore daemon test nss)" || { gofmt -d gocore daemon test nss; exit 1; }
	go vet ./...

test-lab-real: build $(B)/demo ## the lab and the demo against unbound in place of the built-in DNS server
	MCDNS_LAB_SERVER=unbound $(GOTEST) -count=1 ./test/lab
	MCDNS_LAB_SERVER=unbound $(B)/demo

race:
	$(GOTEST) -race ./...

clean: ## remove build/
	rm -rf $(B)
