// Package lab holds what the project measures itself with: recordings of real
// traffic with known truth, a degrader that turns them into what a raw-socket
// sniffer would have written, and a judge that sets a repaired file beside the
// truth.
//
// Nothing that is shipped imports it. The degrader, the tables and the maker
// of copies are pure and deterministic by their seed; they decode packets with
// code of their own, so that a mistake of the product cannot hide here. The
// judge's verdicts on TCP are tshark's.
package lab
