package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/mendcap/mendcap/repair/batch/lots"
)

// awkward is a name that shells, YAML, JSON and Groovy would each change if it were
// not quoted.
const awkward = "a 'b' \"c\" $(touch pwned) `touch pwned` ${HOME} $$ \\u0041 \\ # : {{.}} <&> %s é"

// awkwardPlan makes a plan of so many lots below a folder of that name.
func awkwardPlan(t *testing.T, lots int) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such names")
	}
	plan := filepath.Join(t.TempDir(), awkward, ".mendcap", "0a1b2c3d4e5f")
	writePlan(t, plan, lots)
	return plan
}

func writePlan(t *testing.T, plan string, n int) {
	t.Helper()
	if err := os.MkdirAll(plan, 0o777); err != nil {
		t.Fatal(err)
	}
	header, err := json.Marshal(lots.Header{Schema: lots.Schema, Lots: n})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(plan, "plan.json"), header, 0o666); err != nil {
		t.Fatal(err)
	}
}

// submitted returns what submit prints.
func submitted(t *testing.T, args ...string) string {
	t.Helper()
	return string(mendcap(t, append([]string{"batch", "submit"}, args...)...))
}

// inBucket is what submit would print of a plan in a bucket, which this binary can't
// open.
func inBucket(t *testing.T, engine string, lots int) string {
	t.Helper()
	e, ok := find(engines, engine)
	if !ok {
		t.Fatalf("no engine %s", engine)
	}
	one := &submission{engine: e, Lots: lots, Processors: 2, Memory: 1e9, Image: "registry.example/mendcap:1", Queue: "captures"}
	if err := one.place("s3://bucket/"+awkward+"/.mendcap/0a1b2c3d4e5f", "", ""); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := engineTemplates().ExecuteTemplate(&text, engine+".tmpl", one); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// calls is what a program was called with: one call after another, each argument ended by
// a line feed, and each call by an empty line.
func calls(t *testing.T, name string) (all [][]string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	for call := range strings.SplitSeq(strings.TrimSuffix(string(text), "\n\n"), "\n\n") {
		all = append(all, strings.Split(call, "\n"))
	}
	return all
}

// shellRun runs a script with programs of its own, each of which notes its calls and does
// a little more, and returns the exit code and where the calls are.
func shellRun(t *testing.T, shell, script string, programs map[string]string, env ...string) (code int, noted func(program string) [][]string) {
	t.Helper()
	if _, err := exec.LookPath(shell); err != nil {
		t.Skipf("no %s: %v", shell, err)
	}
	dir := t.TempDir()
	for name, more := range programs {
		text := fmt.Sprintf("#!/bin/sh\n{ [ -z \"$FIRST_LOT\" ] || echo \"FIRST_LOT=$FIRST_LOT\"; printf '%%s\\n' \"$@\"; echo; } >>'%s/%s.calls'\n%s\n", dir, name, more)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "script")
	if err := os.WriteFile(file, []byte(script), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(shell, file)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "PATH="+dir+string(filepath.ListSeparator)+os.Getenv("PATH")), env...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if len(out) > 0 {
		t.Logf("%s says: %s", shell, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
		t.Error("a name was taken for a command")
	}
	return cmd.ProcessState.ExitCode(), func(program string) [][]string { return calls(t, filepath.Join(dir, program+".calls")) }
}

func TestSlurmScript(t *testing.T) {
	plan := awkwardPlan(t, 50)
	script := submitted(t, "--engine", "slurm", "--plan", plan, "--jobs", "2", "--memory", "3GB", "--scratch", "/local/"+awkward, "--workers", "20", "--queue", "long,short")
	for _, want := range []string{"--array=0-49%20", "--cpus-per-task=2", "--mem=3814M", "--partition=long,short", "--requeue", "--job-name=mendcap-0a1b2c3d4e5f"} {
		if !strings.Contains(script, "\n#SBATCH "+want+"\n") {
			t.Errorf("got no directive %s in\n%s", want, script)
		}
	}
	task := []string{"SLURM_ARRAY_TASK_ID=7", "SLURM_ARRAY_JOB_ID=11"}
	lot := [][]string{{"batch", "--plan", plan, "--jobs", "2", "--memory", "3000000000", "--scratch", "/local/" + awkward}}
	requeued := [][]string{{"requeue", "11_7"}}
	for _, c := range []struct {
		name, mendcap string
		env           []string
		code          int
		requeues      [][]string
	}{
		{name: "done", code: 0},
		{name: "a wrong command line stays wrong", mendcap: "exit 2", code: 2},
		{name: "something was lacking", mendcap: "exit 75", code: 75, requeues: requeued},
		{name: "the worker was killed", mendcap: "kill -KILL $$", code: 137, requeues: requeued},
		{name: "it was begun again often enough", mendcap: "exit 75", env: []string{"SLURM_RESTART_COUNT=5"}, code: 75},
		{
			// The signal goes to the script alone, which hands it on.
			name: "Slurm ends it", code: 75,
			mendcap: "trap 'exit 75' TERM; kill -TERM $PPID; for i in 1 2 3 4 5 6 7 8 9; do sleep 0.2; done",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, noted := shellRun(t, "bash", script, map[string]string{"mendcap": c.mendcap, "scontrol": ""}, append(c.env, task...)...)
			if code != c.code {
				t.Errorf("exit code: got %d, want %d", code, c.code)
			}
			if diff := cmp.Diff(lot, noted("mendcap")); diff != "" {
				t.Errorf("calls of mendcap (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.requeues, noted("scontrol")); diff != "" {
				t.Errorf("calls of scontrol (-want +got):\n%s", diff)
			}
		})
	}
}

// More lots than an array has are several arrays, each of which knows its first.
func TestSlurmArrays(t *testing.T) {
	plan := awkwardPlan(t, 2001)
	script := submitted(t, "--engine", "slurm", "--plan", plan)
	code, noted := shellRun(t, "bash", script, map[string]string{"sbatch": ""})
	var got [][]string
	for _, call := range noted("sbatch") {
		got = append(got, call[:len(call)-1]) // the last is the script's own path
	}
	want := [][]string{
		{"FIRST_LOT=0", "--export=ALL", "--array=0-999"}, {"FIRST_LOT=1000", "--export=ALL", "--array=0-999"}, {"FIRST_LOT=2000", "--export=ALL", "--array=0-0"},
	}
	if diff := cmp.Diff(want, got); diff != "" || code != 0 {
		t.Errorf("ended with %d; calls of sbatch (-want +got):\n%s", code, diff)
	}
	task := []string{"SLURM_ARRAY_TASK_ID=12", "SLURM_ARRAY_JOB_ID=11"}
	code, noted = shellRun(t, "bash", script, map[string]string{"mendcap": ""}, append(task, "FIRST_LOT=1000")...)
	want = [][]string{{"FIRST_LOT=1000", "batch", "--plan", plan, "--jobs", "1", "--lot", "1012"}}
	if diff := cmp.Diff(want, noted("mendcap")); diff != "" || code != 0 {
		t.Errorf("ended with %d; calls of mendcap (-want +got):\n%s", code, diff)
	}
	// Who gives it to sbatch would have a part of the lots done, and not know.
	if code, noted = shellRun(t, "bash", script, map[string]string{"mendcap": ""}, task...); code != exitUsage || noted("mendcap") != nil {
		t.Errorf("given to sbatch: ended with %d after %q", code, noted("mendcap"))
	}
}

// job has the fields of batch/v1 that a manifest may have, by their names there. The
// lab's command engines compares with the real ones.
type job struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   struct {
		Name   string            `yaml:"name"`
		Labels map[string]string `yaml:"labels"`
	} `yaml:"metadata"`
	Spec struct {
		CompletionMode       string `yaml:"completionMode"`
		Completions          int    `yaml:"completions"`
		Parallelism          int    `yaml:"parallelism"`
		BackoffLimitPerIndex int    `yaml:"backoffLimitPerIndex"`
		PodFailurePolicy     struct {
			Rules []struct {
				Action          string `yaml:"action"`
				OnPodConditions []struct {
					Type   string `yaml:"type"`
					Status string `yaml:"status"`
				} `yaml:"onPodConditions"`
				OnExitCodes struct {
					ContainerName string `yaml:"containerName"`
					Operator      string `yaml:"operator"`
					Values        []int  `yaml:"values"`
				} `yaml:"onExitCodes"`
			} `yaml:"rules"`
		} `yaml:"podFailurePolicy"`
		Template struct {
			Spec podSpec `yaml:"spec"`
		} `yaml:"template"`
	} `yaml:"spec"`
}

type podSpec struct {
	RestartPolicy string `yaml:"restartPolicy"`
	Tolerations   []struct {
		Key               string `yaml:"key"`
		Operator          string `yaml:"operator"`
		Effect            string `yaml:"effect"`
		TolerationSeconds int    `yaml:"tolerationSeconds"`
	} `yaml:"tolerations"`
	Containers []struct {
		Name  string   `yaml:"name"`
		Image string   `yaml:"image"`
		Args  []string `yaml:"args"`
		Env   []struct {
			Name  string `yaml:"name"`
			Value string `yaml:"value"`
		} `yaml:"env"`
		Resources struct {
			Requests map[string]string `yaml:"requests"`
			Limits   map[string]string `yaml:"limits"`
		} `yaml:"resources"`
		VolumeMounts []struct {
			Name      string `yaml:"name"`
			MountPath string `yaml:"mountPath"`
		} `yaml:"volumeMounts"`
	} `yaml:"containers"`
	Volumes []struct {
		Name     string    `yaml:"name"`
		EmptyDir *struct{} `yaml:"emptyDir"`
		Claim    struct {
			ClaimName string `yaml:"claimName"`
		} `yaml:"persistentVolumeClaim"`
	} `yaml:"volumes"`
}

func readJob(t *testing.T, text string) job {
	t.Helper()
	var j job
	dec := yaml.NewDecoder(strings.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&j); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return j
}

func TestKubernetesManifest(t *testing.T) {
	plan := awkwardPlan(t, 50)
	mount := filepath.Dir(filepath.Dir(filepath.Dir(plan)))
	j := readJob(t, submitted(t, "--engine", "kubernetes", "--plan", plan, "--image", "mendcap@sha256:0", "--volume", "claim:"+mount, "--queue", "team-a"))
	if j.APIVersion != "batch/v1" || j.Kind != "Job" || j.Metadata.Name != "mendcap-0a1b2c3d4e5f" || j.Metadata.Labels["kueue.x-k8s.io/queue-name"] != "team-a" {
		t.Errorf("got %+v", j)
	}
	if s := j.Spec; s.CompletionMode != "Indexed" || s.Completions != 50 || s.Parallelism != 50 || s.BackoffLimitPerIndex != lotRetries || len(s.PodFailurePolicy.Rules) != 2 || len(s.Template.Spec.Tolerations) != 2 {
		t.Errorf("got %+v", s)
	}
	c := j.Spec.Template.Spec.Containers[0]
	var args []string
	for _, arg := range c.Args { // as the kubelet does
		args = append(args, regexp.MustCompile(`\$(\$|\(\w+\))`).ReplaceAllStringFunc(arg, func(s string) string {
			if s == "$$" {
				return "$"
			}
			return "expanded"
		}))
	}
	if diff := cmp.Diff([]string{"batch", "--plan", plan, "--jobs", "1"}, args); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
	if c.VolumeMounts[1].MountPath != mount || j.Spec.Template.Spec.Volumes[1].Claim.ClaimName != "claim" || c.Resources.Limits["memory"] != "1907Mi" {
		t.Errorf("got %+v", c)
	}
	remote := readJob(t, inBucket(t, "kubernetes", 5000))
	if s := remote.Spec; s.Completions != 5000 || s.Parallelism != 100 || len(s.Template.Spec.Volumes) != 1 {
		t.Errorf("of a plan in a bucket: got %+v", s)
	}
}

func TestAWSScript(t *testing.T) {
	for lots, size := range map[int]any{1: nil, 50: map[string]any{"size": 50.}} {
		code, noted := shellRun(t, "sh", inBucket(t, "aws", lots), map[string]string{"aws": ""})
		registered, sent := awsCall(t, noted("aws"), "register-job-definition"), awsCall(t, noted("aws"), "submit-job")
		if code != 0 || sent["jobQueue"] != "captures" || sent["jobDefinition"] != registered["jobDefinitionName"] || !cmp.Equal(sent["arrayProperties"], size) {
			t.Errorf("ended with %d; got %v and %v", code, registered, sent)
		}
		want := []any{"batch", "--plan", "s3://bucket/" + awkward + "/.mendcap/0a1b2c3d4e5f", "--jobs", "2"}
		if lots == 1 {
			want = append(want, "--lot", "0")
		}
		container := registered["containerProperties"].(map[string]any)
		if diff := cmp.Diff(any(want), container["command"]); diff != "" {
			t.Errorf("command (-want +got):\n%s", diff)
		}
	}
}

// awsCall returns the document of a call of the command line interface.
func awsCall(t *testing.T, all [][]string, operation string) (document map[string]any) {
	t.Helper()
	i := slices.IndexFunc(all, func(call []string) bool { return call[1] == operation })
	if i < 0 || all[i][2] != "--cli-input-json" {
		t.Fatalf("got no call of %s in %q", operation, all)
	}
	if err := json.Unmarshal([]byte(strings.Join(all[i][3:], "\n")), &document); err != nil {
		t.Fatal(err)
	}
	return document
}

func TestGoogleJob(t *testing.T) {
	var got struct {
		TaskGroups []struct {
			TaskCount, Parallelism string
			TaskSpec               struct {
				Runnables []struct {
					Container struct {
						ImageURI string
						Commands []string
						Volumes  []string
					}
				}
				Environment       struct{ Variables map[string]string }
				ComputeResource   struct{ CPUMilli, MemoryMiB string }
				MaxRetryCount     int
				LifecyclePolicies []struct {
					Action          string
					ActionCondition struct{ ExitCodes []int }
				}
			}
		}
		LogsPolicy struct{ Destination string }
	}
	dec := json.NewDecoder(strings.NewReader(inBucket(t, "google", 5000)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil {
		t.Fatal(err)
	}
	group := got.TaskGroups[0]
	if group.TaskCount != "5000" || group.Parallelism != "100" || group.TaskSpec.ComputeResource.CPUMilli != "2000" || group.TaskSpec.MaxRetryCount != lotRetries {
		t.Errorf("got %+v", group)
	}
	want := []string{"batch", "--plan", "s3://bucket/" + awkward + "/.mendcap/0a1b2c3d4e5f", "--jobs", "2"}
	if diff := cmp.Diff(want, group.TaskSpec.Runnables[0].Container.Commands); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

func TestNextflowScript(t *testing.T) {
	plan := awkwardPlan(t, 50)
	script := submitted(t, "--engine", "nextflow", "--plan", plan, "--image", "it's:1", "--workers", "3")
	for _, want := range []string{`container 'it\'s:1'`, "maxForks 3", "channel.of(0..49)"} {
		if !strings.Contains(script, want) {
			t.Errorf("got no %s in\n%s", want, script)
		}
	}
	literal := regexp.MustCompile(`(?m)^    '((?:[^'\\]|\\.)*)' \+ " --lot \$\{lot\}"$`).FindStringSubmatch(script)
	if literal == nil {
		t.Fatalf("got no command in\n%s", script)
	}
	command := regexp.MustCompile(`\\(.)`).ReplaceAllString(literal[1], "$1") + " --lot 7" // as Groovy reads it
	code, noted := shellRun(t, "bash", command, map[string]string{"mendcap": ""})
	want := [][]string{{"batch", "--plan", plan, "--jobs", "1", "--lot", "7"}}
	if diff := cmp.Diff(want, noted("mendcap")); diff != "" || code != 0 {
		t.Errorf("ended with %d; calls of mendcap (-want +got):\n%s", code, diff)
	}
}

// A URL may say how its store is reached; that is no part of the plan's name.
func TestNameOfSubmission(t *testing.T) {
	for plan, want := range map[string]string{
		"s3://b/out/.mendcap/0a1b?endpoint=http://127.0.0.1:7070&region=x": "mendcap-0a1b",
		"/out/.mendcap/0A1B":                    "mendcap-0a1b",
		"/out/.mendcap/_":                       "mendcap",
		"/x/" + strings.Repeat("a", 39) + "-bb": "mendcap-" + strings.Repeat("a", 39),
	} {
		if got := (&submission{Plan: plan}).Name(); got != want {
			t.Errorf("%s: got %s, want %s", plan, got, want)
		}
	}
}

// What can't be known from the plan has to be said, and nothing else is taken.
func TestSubmitRefuses(t *testing.T) {
	dir := t.TempDir()
	plan := filepath.Join(dir, ".mendcap", "r")
	writePlan(t, plan, 5)
	in := []string{"--plan", plan}
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "batch submit needs --engine"},
		{append(in, "--engine", "slrum"), "did you mean slurm?"},
		{[]string{"--engine", "slurm"}, "batch submit needs --plan"},
		{append(in, "--engine", "slurm", "--force"), "--force can't be used with batch submit"},
		{append(in, "--engine", "slurm", "x.pcap"), "batch submit takes no arguments"},
		{append(in, "--engine", "slurm", "--image", "i"), "Slurm runs the mendcap of its nodes"},
		{append(in, "--engine", "slurm", "--queue", "a\n#SBATCH --uid=0"), "is no name of a queue"},
		{append(in, "--engine", "slurm", "--jobs", "0"), "--jobs: 0 is not"},
		{append(in, "--engine", "slurm", "--workers", "0"), "--workers: 0 is not"},
		{append(in, "--engine", "kubernetes", "--volume", "c:"+dir), "needs --image"},
		{append(in, "--engine", "kubernetes", "--image", "i"), "see no folder of this machine: --volume"},
		{append(in, "--engine", "kubernetes", "--image", "i", "--volume", "c:/other"), "the plan is not below /other"},
		{append(in, "--engine", "kubernetes", "--image", "i", "--volume", "nothing"), "is not CLAIM:DIR"},
		{append(in, "--engine", "aws", "--image", "i", "--queue", "q"), "see no folder of this machine"},
		{append(in, "--engine", "aws", "--image", "i"), "needs --queue"},
		{append(in, "--engine", "nextflow", "--image", "i\x1b[31m"), `"i\x1b[31m" has characters`},
		{[]string{"--engine", "google", "--image", "i", "--lots", "5", "--plan", "file://" + plan}, "see no folder of this machine"},
		{[]string{"--engine", "nextflow", "--lots", "0", "--plan", plan}, "the plan has 0 lots"},
		{append(in, "--engine", "google", "--image", "i"), "see no folder of this machine"},
		{[]string{"--engine", "kubernetes", "--image", "i", "--lots", "100001", "--plan", "s3://b/.mendcap/r"}, "100001 lots, and kubernetes takes from 1 to 100000"},
	} {
		cmd := exec.Command(built, append([]string{"batch", "submit"}, c.args...)...)
		var out, said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &said
		if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != exitUsage || out.Len() > 0 || !strings.Contains(said.String(), c.want) {
			t.Errorf("submit %q: got %v, %q and %q, want exit code %d and %q", c.args, err, out.String(), said.String(), exitUsage, c.want)
		}
	}
}
