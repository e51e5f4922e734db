// Package pipeline takes a capture through its stages: it is read, what its packets
// lack is inferred, they are put in order, diagnosed and written.
//
// What it promises is what package repair promises, which is its door.
package pipeline
