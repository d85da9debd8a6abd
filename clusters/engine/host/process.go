package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Process names one process beyond doubt: its number alone may be given to
// another process after its end, and after a restart of the machine.
type Process struct {
	// PID is the process number.
	PID int `json:"pid"`
	// Start is when it started, in clock ticks since the machine's start.
	Start uint64 `json:"startTicks"`
	// Boot is the machine's boot ID.
	Boot string `json:"bootID"`
}

// Identify describes the running process with the given number.
func Identify(pid int) (Process, error) {
	boot, err := BootID()
	if err != nil {
		return Process{}, err
	}
	s, err := readStat(pid)
	if err != nil {
		return Process{}, fmt.Errorf("identify process %d: %w", pid, err)
	}
	return Process{PID: pid, Start: s.start, Boot: boot}, nil
}

// BootID is the kernel's identifier of this start of the machine.
func BootID() (string, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("read the machine's boot ID: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// Alive tells whether this very process still runs. One that has ended and is
// only waited for (a zombie) does not.
func (p Process) Alive() bool {
	if p.PID <= 0 {
		return false
	}
	now, err := Identify(p.PID)
	if err != nil || now != p {
		return false
	}
	s, err := readStat(p.PID)
	return err == nil && s.state != 'Z' && s.state != 'X'
}

// End asks the process to end (SIGTERM), makes it end (SIGKILL) when grace is
// over or ctx is done, and returns once it is gone. A process that no longer
// runs is no error.
func (p Process) End(ctx context.Context, grace time.Duration) error {
	if !p.Alive() {
		return nil
	}
	if err := syscall.Kill(p.PID, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("ask process %d to end: %w", p.PID, err)
	}
	polite, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	if err := p.awaitEnd(polite); err == nil || !p.Alive() {
		return nil
	}
	return p.Kill(ctx)
}

// killPatience bounds the wait for the kernel to take a killed process away:
// one in uninterruptible sleep goes late or never.
const killPatience = 10 * time.Second

// Kill ends the process at once (SIGKILL) and returns when it is gone, even
// after the end of ctx.
func (p Process) Kill(ctx context.Context) error {
	if !p.Alive() {
		return nil
	}
	if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("kill process %d: %w", p.PID, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killPatience)
	defer cancel()
	if err := p.awaitEnd(ctx); err != nil && p.Alive() {
		return fmt.Errorf("process %d is still there %s after SIGKILL: %w", p.PID, killPatience, err)
	}
	return nil
}

// Find lists the processes whose command line satisfies match, the calling
// process apart. What ends meanwhile is left out.
func Find(match func(argv []string) bool) ([]Process, error) {
	pids, err := numbers()
	if err != nil {
		return nil, err
	}
	var found []Process
	for _, pid := range pids {
		if pid == os.Getpid() {
			continue
		}
		b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
		if err != nil || len(b) == 0 {
			continue
		}
		if !match(strings.Split(string(bytes.TrimRight(b, "\x00")), "\x00")) {
			continue
		}
		if p, err := Identify(pid); err == nil {
			found = append(found, p)
		}
	}
	return found, nil
}

// Children lists the processes started by p that it has not yet seen end.
func (p Process) Children() ([]Process, error) {
	pids, err := numbers()
	if err != nil {
		return nil, err
	}
	var found []Process
	for _, pid := range pids {
		if s, err := readStat(pid); err != nil || s.parent != p.PID {
			continue
		}
		if c, err := Identify(pid); err == nil {
			found = append(found, c)
		}
	}
	return found, nil
}

func numbers() ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var pids []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids, nil
}

// stat is what is used of /proc/PID/stat (proc_pid_stat(5)).
type stat struct {
	state  byte
	parent int
	start  uint64
}

func readStat(pid int) (stat, error) {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return stat{}, err
	}
	return parseStat(string(b))
}

// parseStat reads the fields behind the command's name, which stands in
// parentheses and may itself hold spaces and parentheses.
func parseStat(text string) (stat, error) {
	end := strings.LastIndexByte(text, ')')
	if end < 0 {
		return stat{}, fmt.Errorf("no command name in %q", text)
	}
	const state, parent, start = 0, 1, 19 // fields 3, 4 and 22
	fields := strings.Fields(text[end+1:])
	if len(fields) <= start {
		return stat{}, fmt.Errorf("only %d fields behind the command name in %q", len(fields), text)
	}
	ppid, err := strconv.Atoi(fields[parent])
	if err != nil {
		return stat{}, fmt.Errorf("parent in %q: %w", text, err)
	}
	ticks, err := strconv.ParseUint(fields[start], 10, 64)
	if err != nil {
		return stat{}, fmt.Errorf("start time in %q: %w", text, err)
	}
	return stat{state: fields[state][0], parent: ppid, start: ticks}, nil
}
