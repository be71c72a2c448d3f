// Package labels reads and writes the names of DNS as bytes: compressed as they stand in
// messages, plain (labels as received, no pointer, the root's zero last), and in the
// presentation form of zone files. It knows no records. All bytes may be hostile.
//
// Read labels.go for the bytes, text.go for the presentation form.
package labels
