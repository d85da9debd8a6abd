package trial

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// Machine is where something was measured.
type Machine struct {
	// CPU is the processor's name.
	CPU string `json:"cpu"`
	// Cores is how many of them the Go runtime may use.
	Cores int `json:"cores"`
	// MemoryGiB is the machine's memory, rounded.
	MemoryGiB int `json:"memoryGiB"`
	// OS is the operating system and the architecture, as linux/amd64.
	OS string `json:"os"`
	// Go is the Go release that built the programs.
	Go string `json:"go"`
}

// String is the machine in one line.
func (m Machine) String() string {
	return fmt.Sprintf("%d cores of %s, %d GiB, %s, %s", m.Cores, m.CPU, m.MemoryGiB, m.OS, m.Go)
}

// Here describes this machine.
func Here() Machine {
	m := Machine{CPU: "an unknown processor", Cores: runtime.GOMAXPROCS(0), OS: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()}
	if name := value("/proc/cpuinfo", "model name"); name != "" {
		m.CPU = name
	}
	if kib, err := strconv.Atoi(strings.TrimSuffix(value("/proc/meminfo", "MemTotal"), " kB")); err == nil {
		m.MemoryGiB = (kib + 1<<19) >> 20
	}
	return m
}

// value is the first "key: value" of a file; empty where it has none.
func value(path, key string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if k, v, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// Version is the repository's version by git, "unknown" where git has none.
func Version(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--tags", "--always", "--dirty").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// Key is the SHA-256 over the files, in their order: what was found out with
// programs holds for those alone.
func Key(paths ...string) (string, error) {
	h := sha256.New()
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("read a program: %w", err)
		}
		_, err = io.Copy(h, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return "", fmt.Errorf("read a program: %w", err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
