// Package nss tests libnss_mcdns.so.2 from outside: its six functions against a
// daemon that can be told to say anything, under sanitizers, and the built
// file as glibc, programs and packagers meet it.
//
// The programs in C are in testdata; the tests compile them with cc.
package nss
