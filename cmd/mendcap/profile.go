package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/mendcap/mendcap/internal/comment"
	"github.com/mendcap/mendcap/report"
)

func profileCommand() *command {
	flags := newFlags("wireshark-profile")
	install := flags.Bool("install", false, "write into Wireshark's own folders for you, as the profile mendcap")
	force := flags.Bool("force", false, "replace other files of the same names")
	return &command{flags, func(_ context.Context, s *streams, args []string) int {
		switch {
		case *install && len(args) > 0:
			return s.fail("", usagef(seeCommand, "--install finds the folders by itself: %s is one too many", args[0]))
		case !*install && len(args) != 1:
			return s.fail("", usagef("--install finds Wireshark's own", "one folder must be named, not %d", len(args)))
		}
		folders := wiresharkFolders{profile: strings.Join(args, ""), plugins: strings.Join(args, "")}
		if *install {
			var err error
			if folders, err = personalFolders(runtime.GOOS, os.Getenv, isFolder); err != nil {
				return s.fail("", err)
			}
		}
		if code := s.writeProfile(folders, *force); code != exitDone || !*install {
			return code
		}
		return s.print(fmt.Sprintf("Profile  %s\nPlugin   %s\nIn Wireshark choose the profile mendcap: Edit, Configuration Profiles.\n",
			report.Sanitise(folders.profile), report.Sanitise(folders.plugins)))
	}}
}

// wiresharkFolders are those of the files of a profile, and of Lua plugins.
type wiresharkFolders struct{ profile, plugins string }

// profileName is that of the profile that is installed.
const profileName = "mendcap"

// personalFolders returns Wireshark's folders of a user, as its file wsutil/filesystem.c
// finds them: the configuration is where WIRESHARK_CONFIG_DIR says; else on Windows in
// WIRESHARK_APPDATA or in the folder Wireshark of APPDATA; else in the folder wireshark
// of XDG_CONFIG_HOME or of .config, but in .wireshark where there is that folder alone.
// On Windows the plugins are a folder of it.
func personalFolders(system string, env func(string) string, isFolder func(string) bool) (wiresharkFolders, error) {
	config := env("WIRESHARK_CONFIG_DIR")
	if system == "windows" {
		if config = cmp.Or(config, env("WIRESHARK_APPDATA")); config == "" {
			data := env("APPDATA")
			if data == "" {
				return wiresharkFolders{}, usagef("name a folder in place of --install", "Wireshark's folder isn't known: APPDATA is not set")
			}
			config = filepath.Join(data, "Wireshark")
		}
		return wiresharkFolders{filepath.Join(config, "profiles", profileName), filepath.Join(config, "plugins")}, nil
	}
	home := env("HOME")
	if home == "" {
		return wiresharkFolders{}, usagef("name a folder in place of --install", "Wireshark's folder isn't known: HOME is not set")
	}
	if config == "" {
		config = filepath.Join(cmp.Or(env("XDG_CONFIG_HOME"), filepath.Join(home, ".config")), "wireshark")
		if old := filepath.Join(home, ".wireshark"); !isFolder(config) && isFolder(old) {
			config = old
		}
	}
	return wiresharkFolders{filepath.Join(config, "profiles", profileName), filepath.Join(home, ".local", "lib", "wireshark", "plugins")}, nil
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// writeProfile writes all files of the profile and the script, or none that would
// replace another one.
func (s *streams) writeProfile(folders wiresharkFolders, force bool) int {
	files := []smallFile{{filepath.Join(folders.plugins, comment.ScriptName), []byte(comment.WiresharkScript(program()))}}
	for _, f := range comment.WiresharkProfile() {
		files = append(files, smallFile{filepath.Join(folders.profile, f.Name), []byte(f.Text)})
	}
	return s.fail("", writeFiles(files, 0o666, force))
}

// program is how the script starts mendcap: by its name where the search path has it,
// else by the path of this program.
func program() string {
	const name = "mendcap"
	if _, err := exec.LookPath(name); err == nil {
		return name
	}
	self, err := os.Executable()
	if err != nil {
		return name
	}
	return self
}
