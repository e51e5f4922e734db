// Package witness writes the event trace that Windows would have recorded beside a
// raw-socket capture, from a recording whose packets are known: what
// Microsoft-Windows-TCPIP and Winsock-AFD say of each packet that a raw socket is given.
// What a trace lacks, adds and gets wrong is chosen by a Trouble.
//
// It shares no code and no constant with the readers: layouts are written down anew from
// the formats' documentation. No trace of these providers could be had, so that both may
// misread the documentation alike.
package witness
