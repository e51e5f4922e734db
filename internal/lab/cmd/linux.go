//go:build linux

package main

import (
	"github.com/mendcap/mendcap/internal/lab/cmd/archive"
	"github.com/mendcap/mendcap/internal/lab/cmd/kubernetes"
	"github.com/mendcap/mendcap/internal/lab/cmd/peers"
	"github.com/mendcap/mendcap/internal/lab/cmd/record"
	"github.com/mendcap/mendcap/internal/lab/cmd/slurm"
)

// linux are the commands that need Linux.
var linux = []command{
	{"archive", "time a batch of many captures, beside a shell loop", archive.Main},
	{"kubernetes", "carry out a plan on a control plane of Kubernetes, lose a node, and compare", kubernetes.Main},
	{"peers", "time mendcap, and see its memory, beside other programs", peers.Main},
	{"record", "record real traffic between network namespaces; needs root", record.Main},
	{"slurm", "carry out a plan on a real Slurm, end a node, and compare; needs root", slurm.Main},
}
