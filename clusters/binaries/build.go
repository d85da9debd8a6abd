package binaries

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// buildBatch makes the programs of one recipe that are not in the cache.
func (b *Builder) buildBatch(ctx context.Context, batch []planned) error {
	missing, err := b.absent(batch)
	if err != nil || len(missing) == 0 {
		return err
	}
	key := batch[0].recipe.key()
	unlock, err := Lock(ctx, filepath.Join(b.root, "locks", key), func() {
		b.log.Notef("another process builds %s: waiting for it", names(missing))
	})
	if err != nil {
		return err
	}
	defer unlock()
	// The process that held the lock may have made all of them.
	if missing, err = b.absent(batch); err != nil || len(missing) == 0 {
		return err
	}
	return b.log.Do(ctx, "build "+names(missing), buildLimit, func(ctx context.Context) error {
		return b.compile(ctx, key, missing)
	})
}

// absent gives the programs of a batch that are not in the cache.
func (b *Builder) absent(batch []planned) ([]planned, error) {
	var out []planned
	for _, p := range batch {
		if _, err := os.Stat(b.path(p)); errors.Is(err, fs.ErrNotExist) {
			out = append(out, p)
		} else if err != nil {
			return nil, fmt.Errorf("looking for %s in the cache: %w", p.program, err)
		}
	}
	return out, nil
}

// compile builds programs of one recipe in a folder of its own and moves each
// into the cache by a rename, so that an entry is whole or not there. The lock
// on key is held, so whatever a killed build left in that folder is nobody's.
func (b *Builder) compile(ctx context.Context, key string, programs []planned) error {
	work := filepath.Join(b.root, "work-"+key)
	if err := os.RemoveAll(work); err != nil {
		return fmt.Errorf("removing the remains of an earlier build: %w", err)
	}
	keep := false
	defer func() {
		if !keep {
			_ = os.RemoveAll(work)
		}
	}()
	bin := filepath.Join(work, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return fmt.Errorf("making a folder to build in: %w", err)
	}
	r := programs[0].recipe
	if err := writeModule(work, r, programs[0].program); err != nil {
		return err
	}
	if first := programs[0]; len(first.program.Amend) > 0 {
		if err := writeAmended(work, first.moduleDir, first.program); err != nil {
			return err
		}
	}
	logPath := filepath.Join(work, "build.log")
	log, err := os.Create(logPath)
	if err != nil {
		return fmt.Errorf("making the build's log: %w", err)
	}
	defer func() { _ = log.Close() }()

	tool := newGoTool(work, "GOOS="+r.OS, "GOARCH="+r.Arch, "CGO_ENABLED="+map[bool]string{true: "1", false: "0"}[r.Cgo])
	for _, args := range buildCommands(r, bin, programs) {
		if err := tool.stream(ctx, log, args...); err != nil {
			if ctx.Err() != nil {
				return err
			}
			keep = true
			return environment(ctx, fmt.Errorf("%w: all of the output is in %s", err, logPath))
		}
	}
	for _, p := range programs {
		if err := b.install(filepath.Join(bin, p.program.Name), p); err != nil {
			return err
		}
	}
	return nil
}

func writeModule(dir string, r recipe, p Program) error {
	files := map[string][]byte{"go.mod": []byte(r.GoMod)}
	for name, content := range p.Source {
		files[name] = content
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return fmt.Errorf("writing the module %s is built in: %w", p, err)
		}
	}
	return nil
}

// buildCommands gives the go commands that build programs into bin. The go
// command names an executable after the last element of its package's path; a
// program with another name is built by a command of its own.
func buildCommands(r recipe, bin string, programs []planned) [][]string {
	flags := []string{"build", "-trimpath", "-ldflags=" + strings.Join(append([]string{"-s", "-w"}, r.LDFlags...), " ")}
	if len(r.Tags) > 0 {
		flags = append(flags, "-tags="+strings.Join(r.Tags, ","))
	}
	together := append(append([]string(nil), flags...), "-o="+bin+string(filepath.Separator))
	shared := len(together)
	var out [][]string
	for _, p := range programs {
		pkg := p.program.Package
		if len(p.program.Source) > 0 {
			pkg = "."
		}
		if filepath.Base(pkg) == p.program.Name {
			together = append(together, pkg)
			continue
		}
		out = append(out, append(append([]string(nil), flags...), "-o="+filepath.Join(bin, p.program.Name), pkg))
	}
	if len(together) > shared {
		out = append(out, together)
	}
	return out
}

// install moves a built file to its place in the cache.
func (b *Builder) install(built string, p planned) error {
	dir := filepath.Dir(b.path(p))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the cache entry of %s: %w", p.program, err)
	}
	if err := os.Rename(built, b.path(p)); err != nil {
		return fmt.Errorf("moving %s into the cache: %w", p.program, err)
	}
	return nil
}

// names lists programs for a step's name; programs of one version share it.
func names(programs []planned) string {
	var out []string
	for _, p := range programs {
		out = append(out, p.program.Name)
	}
	text := strings.Join(out, ", ")
	if v := programs[0].program.Version; v != "" {
		text += " " + v
	}
	return text
}
