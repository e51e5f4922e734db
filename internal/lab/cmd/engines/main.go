//go:build unix

// Package engines holds what `mendcap batch submit` prints to the schemas of those who
// are to take it.
//
//	lab engines [-schema swagger.json]
//
// The Job of Kubernetes is decoded strictly into batch/v1 of k8s.io/api, and checked by
// kubeconform with a schema that is made of Kubernetes' own OpenAPI document (-schema
// names it; by default it is the one of the module k8s.io/kubernetes). What AWS Batch
// takes goes through the client of AWS' kit for Go, which checks it, to a server that
// takes all, and what Google Batch takes into the message of its interface. Each has to
// refuse a field that is misspelt. A script of Nextflow has no judge here. It downloads
// modules, builds them, and exits with 1 if anything is refused.
package engines

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

//go:embed judge.txt
var judge []byte

// The modules of the judges.
const (
	kubernetes  = "k8s.io/kubernetes@v1.36.3"
	kubeconform = "github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0"
	judgeModule = `module judge

go 1.26.0

require (
	cloud.google.com/go/batch v1.24.1
	github.com/aws/aws-sdk-go-v2/service/batch v1.65.2
	k8s.io/api v0.36.3
	sigs.k8s.io/yaml v1.6.0
)
`
)

// plan is one whose name every quoting has to do something about.
const plan = `s3://bucket/a 'b' "c" $(d) ${e} \u0041: # é/.mendcap/0a1b2c3d4e5f`

// Main is the command: its flags and arguments follow its name.
func Main() {
	schema := flag.String("schema", "", "Kubernetes' OpenAPI document, version 2")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *schema); err != nil {
		fmt.Fprintln(os.Stderr, "engines:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, schema string) (err error) {
	dir, err := os.MkdirTemp("", "engines-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := printAll(ctx, dir); err != nil {
		return err
	}
	for name, data := range map[string][]byte{"main.go": judge, "go.mod": []byte(judgeModule)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			return err
		}
	}
	if _, err := command(ctx, dir, "go", "mod", "tidy"); err != nil {
		return err
	}
	if _, err := command(ctx, dir, "go", "run", "."); err != nil {
		return err
	}
	if schema == "" {
		if schema, err = downloaded(ctx, dir); err != nil {
			return err
		}
	}
	if err := writeSchema(schema, filepath.Join(dir, "job.json")); err != nil {
		return err
	}
	if err := conforms(ctx, dir); err != nil {
		return err
	}
	fmt.Println("Kubernetes, AWS and Google take what is printed for them")
	return nil
}

// conforms has kubeconform check the Job, and refuse one with a field that is misspelt.
func conforms(ctx context.Context, dir string) error {
	check := []string{"run", kubeconform, "-strict", "-schema-location", "job.json"}
	if _, err := command(ctx, dir, "go", append(check, "kubernetes.yaml")...); err != nil {
		return err
	}
	right, err := os.ReadFile(filepath.Join(dir, "kubernetes.yaml"))
	if err != nil {
		return err
	}
	wrong := strings.Replace(string(right), "tolerationSeconds:", "tolerationsSeconds:", 1)
	if err := os.WriteFile(filepath.Join(dir, "wrong.yaml"), []byte(wrong), 0o666); err != nil {
		return err
	}
	if _, err := command(ctx, dir, "go", append(check, "wrong.yaml")...); err == nil {
		return errors.New("kubeconform took tolerationsSeconds for tolerationSeconds")
	}
	return nil
}

// command runs one, and returns what it prints.
func command(ctx context.Context, dir, program string, args ...string) (string, error) {
	var complaints strings.Builder
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Stderr = dir, &complaints
	cmd.Env = append(os.Environ(), "PATH="+dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s %s: %w\n%s%s", program, strings.Join(args, " "), err, out, complaints.String())
	}
	return string(out), err
}

// printAll writes into a folder what mendcap prints. Of AWS' script a program in the
// place of aws writes the documents.
func printAll(ctx context.Context, dir string) error {
	if _, err := command(ctx, ".", "go", "build", "-o", dir, "github.com/mendcap/mendcap/cmd/mendcap"); err != nil {
		return err
	}
	const aws = "#!/bin/sh\nprintf %s \"$4\" >\"${2%%-*}.json\"\n"
	if err := os.WriteFile(filepath.Join(dir, "aws"), []byte(aws), 0o777); err != nil {
		return err
	}
	for engine, file := range map[string]string{"kubernetes": "kubernetes.yaml", "google": "google.json", "aws": "aws.sh"} {
		text, err := command(ctx, dir, filepath.Join(dir, "mendcap"), "batch", "submit", "--engine", engine, "--plan", plan, "--lots", "50", "--image", "example/mendcap:1", "--queue", "captures")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o666); err != nil {
			return err
		}
	}
	_, err := command(ctx, dir, "sh", "aws.sh")
	return err
}

// downloaded is the document of the module k8s.io/kubernetes.
func downloaded(ctx context.Context, dir string) (string, error) {
	out, err := command(ctx, dir, "go", "mod", "download", "-json", kubernetes)
	if err != nil {
		return "", err
	}
	var module struct{ Dir string }
	if err := json.Unmarshal([]byte(out), &module); err != nil {
		return "", err
	}
	return filepath.Join(module.Dir, "api", "openapi-spec", "swagger.json"), nil
}

// writeSchema makes a JSON schema of a Job out of the document, in which no object has
// other fields than those that are described.
func writeSchema(document, name string) error {
	data, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	var api struct {
		Definitions map[string]map[string]any `json:"definitions"`
	}
	if err := json.Unmarshal(data, &api); err != nil {
		return err
	}
	const job = "io.k8s.api.batch.v1.Job"
	if api.Definitions[job] == nil {
		return fmt.Errorf("%s does not describe %s", document, job)
	}
	for _, definition := range api.Definitions {
		if definition["properties"] != nil {
			definition["additionalProperties"] = false
		}
	}
	text, err := json.Marshal(map[string]any{"$ref": "#/definitions/" + job, "definitions": api.Definitions})
	if err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o666)
}
