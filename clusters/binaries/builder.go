package binaries

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"golang.org/x/mod/module"

	"github.com/dsconform/dsconform/clusters/steps"
)

// buildLimit bounds one call of the go command. All of Kubernetes takes 8 to 12
// minutes on two processors from nothing.
const buildLimit = 60 * time.Minute

// Options say where a Builder keeps its files and what it builds for.
type Options struct {
	// CacheDir is the root of dsconform's cache; programs are kept below its
	// bin folder. Default: dsconform in the user's cache folder.
	CacheDir string
	// OS and Arch are the Go names of the target. Default: linux, and the
	// architecture this program runs on.
	OS, Arch string
	// Log shows the builds as steps. Default: nothing is shown.
	Log *steps.Log
}

// Builder builds programs and keeps them. Its methods may be called from
// several goroutines and processes at once.
type Builder struct {
	root     string
	os, arch string
	log      *steps.Log

	mu        sync.Mutex
	goVersion string
}

// New makes a Builder. It fails only where no cache folder can be made.
func New(o Options) (*Builder, error) {
	if o.CacheDir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("finding the user's cache folder: %w", err)
		}
		o.CacheDir = filepath.Join(base, "dsconform")
	}
	root, err := filepath.Abs(filepath.Join(o.CacheDir, "bin"))
	if err != nil {
		return nil, fmt.Errorf("finding the cache folder %s: %w", o.CacheDir, err)
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, fmt.Errorf("making the cache folder: %w", err)
	}
	b := &Builder{root: root, os: o.OS, arch: o.Arch, log: o.Log}
	if b.os == "" {
		b.os = "linux"
	}
	if b.arch == "" {
		b.arch = runtime.GOARCH
	}
	if b.log == nil {
		b.log = steps.Discard()
	}
	return b, nil
}

// Build gives the path of each program's executable by the program's name,
// building those not in the cache. Programs that share a recipe are built
// together as one step.
//
// Errors: class Usage for a Kubernetes version that does not exist, class
// Environment for a toolchain, compiler or proxy that is not there.
func (b *Builder) Build(ctx context.Context, programs ...Program) (map[string]string, error) {
	planned, err := b.plan(ctx, programs)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(programs))
	for _, batch := range batches(planned) {
		if err := b.buildBatch(ctx, batch); err != nil {
			return nil, err
		}
		for _, p := range batch {
			out[p.program.Name] = b.path(p)
		}
	}
	return out, nil
}

// Keys gives each program's content key by the program's name, without
// building anything.
func (b *Builder) Keys(ctx context.Context, programs ...Program) (map[string]string, error) {
	planned, err := b.plan(ctx, programs)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(planned))
	for _, p := range planned {
		out[p.program.Name] = p.key
	}
	return out, nil
}

// path is where a planned program's executable is kept.
func (b *Builder) path(p planned) string { return filepath.Join(b.root, p.key, p.program.Name) }

// planned is a program whose recipe is known.
type planned struct {
	program Program
	recipe  recipe
	key     string
	// moduleDir is where the program's module lies in the module cache.
	moduleDir string
}

// plan works out the recipe of every program. It downloads modules, but builds
// nothing.
func (b *Builder) plan(ctx context.Context, programs []Program) ([]planned, error) {
	names := map[string]bool{}
	var mods []module.Version
	for _, p := range programs {
		if err := p.validate(); err != nil {
			return nil, err
		}
		if names[p.Name] {
			return nil, fmt.Errorf("two programs are named %s", p.Name)
		}
		names[p.Name] = true
		if p.Module != "" {
			mods = append(mods, module.Version{Path: p.Module, Version: p.Version})
		}
	}
	scratch, err := os.MkdirTemp("", "dsconform-plan-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the go command: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	tool := newGoTool(scratch)
	goVersion, err := b.toolchain(ctx, tool)
	if err != nil {
		return nil, err
	}
	downloads, err := fetch(ctx, tool, mods)
	if err != nil {
		return nil, err
	}
	out := make([]planned, 0, len(programs))
	for _, p := range programs {
		r := recipe{
			Schema: recipeSchema, Go: goVersion, OS: b.os, Arch: b.arch,
			Tags: p.Tags, LDFlags: p.LDFlags, Cgo: p.Cgo, Source: sourceDigest(p.Source), Amend: sourceDigest(p.Amend),
		}
		if r.GoMod, r.Sum, err = goModFor(p, downloads); err != nil {
			return nil, err
		}
		if r.Compiler, err = cToolchain(ctx, p); err != nil {
			return nil, environment(ctx, err)
		}
		out = append(out, planned{
			program: p, recipe: r, key: r.programKey(p),
			moduleDir: downloads[module.Version{Path: p.Module, Version: p.Version}].Dir,
		})
	}
	return out, nil
}

func (b *Builder) toolchain(ctx context.Context, tool goTool) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.goVersion == "" {
		v, err := tool.toolchain(ctx)
		if err != nil {
			return "", environment(ctx, err)
		}
		b.goVersion = v
	}
	return b.goVersion, nil
}

func goModFor(p Program, downloads map[module.Version]download) (text, sum string, err error) {
	if p.Module == "" {
		return ownGoMod(p.Require), "", nil
	}
	origin := module.Version{Path: p.Module, Version: p.Version}
	d := downloads[origin]
	raw, err := os.ReadFile(d.GoMod)
	if err != nil {
		return "", "", fmt.Errorf("reading the go.mod of %s: %w", origin, err)
	}
	text, err = generateGoMod(origin, raw)
	if len(p.Amend) > 0 {
		text += replaceAmended(p)
	}
	return text, d.Sum, err
}

// batches groups programs with equal recipes, in order of first appearance.
func batches(all []planned) [][]planned {
	var out [][]planned
	at := map[string]int{}
	for _, p := range all {
		k := p.recipe.key()
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], p)
	}
	return out
}
