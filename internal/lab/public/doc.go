// Package public holds what the module promises to other modules: its tests
// compare the exported declarations of the public packages with those of
// testdata/api.txt, and build their examples in a module outside of this one.
package public
