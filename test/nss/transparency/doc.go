// Package transparency proves that no program notices libnss_mcdns.so.2: what
// programs do around a lookup (fork, signals, limits, filters, threads,
// descriptors) is done on hosts that differ in nothing but the module, and must
// come out the same as on the host that has none.
//
// The hosts are lab hosts with a fake daemon, so that what is seen comes from
// the module. Three of them: without a module, with the shipped one, and with
// the one built as c-shared, which is only compared and need not pass.
//
// "go test" does the short part. With MCDNS_TEST_NSS_JSON=FILE it does all of
// it, prints the table, and writes the checks to FILE; that is "make test-nss".
package transparency
