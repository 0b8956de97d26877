package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build is what the Go toolchain wrote into the binary.
type build struct {
	Version  string `json:"version"`            // module version, "devel" for a build outside version control
	Revision string `json:"revision,omitempty"` // commit
	Modified bool   `json:"modified,omitempty"` // the checkout differed from the commit
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func readBuild() build {
	b := build{Version: "devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := info.Main.Version; v != "(devel)" {
		b.Version = cmp.Or(v, b.Version)
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// version is the version as telemetry and --version tell it.
func version() string { return readBuild().Version }

func (a *app) versionCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print version and build",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b := readBuild()
			switch output {
			case "text":
				fmt.Fprintf(a.stdout, "weir %s\n%s %s", b.Version, b.Go, b.Platform)
				if b.Revision != "" {
					fmt.Fprintf(a.stdout, " %.12s", b.Revision)
				}
				if b.Modified {
					fmt.Fprint(a.stdout, " modified")
				}
				fmt.Fprintln(a.stdout)
				return nil
			case "json":
				return json.NewEncoder(a.stdout).Encode(b)
			}
			return asUsage(fmt.Errorf("--output is text or json, not %q", output))
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	return cmd
}
