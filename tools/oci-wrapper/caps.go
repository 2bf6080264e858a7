package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// names are the capabilities by bit, as in linux/capability.h.
var names = []string{
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID",
	"CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK",
	"CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE",
	"CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE",
	"CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG",
	"CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
}

// boundingSet reads the capabilities that this host can give at all.
func boundingSet(status string) (map[string]bool, error) {
	file, err := os.Open(status)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if mask, ok := strings.CutPrefix(lines.Text(), "CapBnd:"); ok {
			return namesOf(strings.TrimSpace(mask))
		}
	}
	return nil, fmt.Errorf("%s has no CapBnd line", status)
}

// namesOf turns the hexadecimal mask of /proc into names.
func namesOf(mask string) (map[string]bool, error) {
	bits, err := strconv.ParseUint(mask, 16, 64)
	if err != nil {
		return nil, fmt.Errorf("CapBnd %q: %w", mask, err)
	}
	allowed := map[string]bool{}
	for bit, name := range names {
		if bits&(1<<bit) != 0 {
			allowed[name] = true
		}
	}
	return allowed, nil
}

// rewrite drops from the document what the host cannot give. A document that
// asks for nothing impossible is left as it is, byte for byte.
func rewrite(path string, isBundle bool, allowed map[string]bool) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	fixed, changed, err := without(text, isBundle, allowed)
	if err != nil || !changed {
		return err
	}
	return replace(path, fixed, info.Mode())
}

// without returns the document less the capabilities that are not allowed.
// Numbers are kept as written: a limit of 2^64-1 is no float.
func without(text []byte, isBundle bool, allowed map[string]bool) ([]byte, bool, error) {
	var document map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&document); err != nil {
		return nil, false, err
	}
	process := document
	if isBundle {
		process, _ = document["process"].(map[string]any)
	}
	sets, _ := process["capabilities"].(map[string]any)
	changed := false
	for kind, set := range sets {
		kept, dropped := keep(set, allowed)
		if dropped {
			sets[kind], changed = kept, true
		}
	}
	fixed, err := json.Marshal(document)
	return fixed, changed, err
}

// keep filters one of the five capability sets.
func keep(set any, allowed map[string]bool) ([]any, bool) {
	list, _ := set.([]any)
	kept := []any{}
	for _, name := range list {
		if text, isText := name.(string); !isText || allowed[text] {
			kept = append(kept, name)
		}
	}
	return kept, len(kept) != len(list)
}

// replace writes beside the file and renames, so that no reader sees half of it.
func replace(path string, text []byte, mode os.FileMode) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".seatrial-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	if _, err := temporary.Write(text); err != nil {
		return err
	}
	if err := temporary.Chmod(mode); err != nil {
		return err
	}
	if err := temporary.Close(); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}
