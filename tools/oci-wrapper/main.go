// Command oci-wrapper stands between the container engine and runc on a host
// that lacks capabilities which a privileged container asks for. It removes
// exactly those capabilities from the documents that runc is about to read
// (a bundle's config.json, the process file of an exec) and hands over.
//
// Without it `docker run --privileged` ends with "unable to apply caps".
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

func main() {
	if err := prepare(os.Args[1:]); err != nil {
		// runc says itself, and better, what is wrong with the document.
		fmt.Fprintln(os.Stderr, "seatrial oci-wrapper:", err)
	}
	runc, err := exec.LookPath("runc")
	if err != nil {
		fmt.Fprintln(os.Stderr, "seatrial oci-wrapper: runc is not on PATH; install the package runc:", err)
		os.Exit(127)
	}
	err = syscall.Exec(runc, append([]string{"runc"}, os.Args[1:]...), os.Environ())
	fmt.Fprintln(os.Stderr, "seatrial oci-wrapper:", runc, err)
	os.Exit(126)
}

// prepare rewrites the document that this invocation of runc reads, if any.
func prepare(args []string) error {
	path, isBundle := document(args)
	if path == "" {
		return nil
	}
	allowed, err := boundingSet("/proc/self/status")
	if err != nil {
		return err
	}
	return rewrite(path, isBundle, allowed)
}

// document finds the file with capabilities among runc's arguments:
// `create|run|restore --bundle DIR` reads DIR/config.json and
// `exec --process FILE` reads FILE.
func document(args []string) (path string, isBundle bool) {
	switch command(args) {
	case "create", "run", "restore":
		return filepath.Join(option(args, ".", "--bundle", "-bundle", "-b"), "config.json"), true
	case "exec":
		return option(args, "", "--process", "-process", "-p"), false
	}
	return "", false
}

// globals are runc's global options that take a value of their own.
var globals = map[string]bool{
	"--root": true, "--log": true, "--log-format": true, "--criu": true, "--rootless": true,
}

// command returns the first argument that is neither a global option nor its value.
func command(args []string) string {
	for i := 0; i < len(args); i++ {
		if globals[args[i]] {
			i++
			continue
		}
		if args[i] != "" && args[i][0] != '-' {
			return args[i]
		}
	}
	return ""
}

// option returns the value of the first of the named options, `--x V` or `--x=V`.
func option(args []string, fallback string, names ...string) string {
	for i, arg := range args {
		for _, name := range names {
			if arg == name && i+1 < len(args) {
				return args[i+1]
			}
			if len(arg) > len(name) && arg[:len(name)+1] == name+"=" {
				return arg[len(name)+1:]
			}
		}
	}
	return fallback
}
