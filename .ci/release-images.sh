# shellcheck shell=bash disable=SC2154
# Sourced by .ci/release and .ci/release-check: crane changes and reads images in a
# registry only, so it serves one to itself, on this machine's own address. $scratch is
# a folder for its log.

registry= # the process that serves

# serve_images sets address to that of a registry without images.
serve_images() {
	: >"$scratch/registry.log"
	crane registry serve --address 127.0.0.1:0 2>>"$scratch/registry.log" &
	registry=$!
	for _ in {1..100}; do
		address=$(sed -n 's/.*serving on port \([0-9]*\)$/127.0.0.1:\1/p' "$scratch/registry.log")
		[[ -z $address ]] || return 0
		sleep 0.1
	done
	cat "$scratch/registry.log"
	return 1
}

# stop_images ends it, where it runs.
stop_images() {
	[[ -n $registry ]] || return 0
	kill "$registry"
	wait "$registry" || true
	registry=
}
