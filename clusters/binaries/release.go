package binaries

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dsconform/dsconform/internal/exit"
)

const (
	// releaseLimit bounds the download of one release file; the largest have 100 MB.
	releaseLimit = 10 * time.Minute
	// answerLimit bounds the wait for the first word of a server.
	answerLimit = 10 * time.Second
	// maxRelease keeps a server that never ends from filling the disk.
	maxRelease = 512 << 20
)

// ErrNoRelease is wrapped by Release's error where the files cannot be had: the
// programs must come from elsewhere. A file with a wrong checksum is none of these.
var ErrNoRelease = errors.New("no release file")

// CheckReleaseURL refuses what cannot be the base of a release, with class Usage.
func CheckReleaseURL(base string) error {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return exit.Usagef("--release-url %q is no address of release files: it must be as https://HOST/PATH, and below it VERSION/bin/OS/ARCH/PROGRAM", base)
	}
	return nil
}

// Release gives the official executables of Kubernetes by their names. They lie
// below base as VERSION/bin/OS/ARCH/NAME, with their SHA-512 beside them in
// NAME.sha512, as the Kubernetes project publishes them. What was downloaded and
// found right once is taken from the cache, without asking again: a release
// never changes.
//
// Errors: ErrNoRelease, wrapped, where the server does not answer or has no such
// file; class Environment for a wrong checksum or a full disk.
func (b *Builder) Release(ctx context.Context, base, version string, names ...string) (map[string]string, error) {
	base = strings.TrimSuffix(base, "/")
	out := map[string]string{}
	for _, name := range names {
		address := strings.Join([]string{base, version, "bin", b.os, b.arch, name}, "/")
		path := filepath.Join(b.root, digest([]string{"release", address}), name)
		if err := b.release(ctx, address, path); err != nil {
			return nil, err
		}
		out[name] = path
	}
	return out, nil
}

// release downloads one file to path, unless it is there.
func (b *Builder) release(ctx context.Context, address, path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking for %s in the cache: %w", address, err)
	}
	unlock, err := Lock(ctx, filepath.Join(b.root, "locks", filepath.Base(filepath.Dir(path))), func() {
		b.log.Notef("another process downloads %s: waiting for it", address)
	})
	if err != nil {
		return err
	}
	defer unlock()
	if _, err = os.Stat(path); err == nil {
		return nil
	}
	sum, err := checksum(ctx, address)
	if err != nil {
		return err
	}
	return b.log.Do(ctx, "download "+address, releaseLimit, func(ctx context.Context) error {
		return fetchRelease(ctx, address, sum, path)
	})
}

// checksum reads the SHA-512 that is published beside the file.
func checksum(ctx context.Context, address string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, answerLimit, fmt.Errorf("no answer within %s", answerLimit))
	defer cancel()
	body, err := get(ctx, address+".sha512")
	if err != nil {
		return "", err
	}
	defer func() { _ = body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(body, 4<<10))
	if err != nil {
		return "", fmt.Errorf("%w: reading %s.sha512: %w", ErrNoRelease, address, err)
	}
	// Some are followed by the file's name, as sha512sum writes them.
	sum, _, _ := strings.Cut(strings.TrimSpace(string(raw)), " ")
	if decoded, err := hex.DecodeString(sum); err != nil || len(decoded) != sha512.Size {
		return "", fmt.Errorf("%w: %s.sha512 holds no SHA-512", ErrNoRelease, address)
	}
	return strings.ToLower(sum), nil
}

// fetchRelease writes the file beside path, and moves it there once its sum is right.
func fetchRelease(ctx context.Context, address, sum, path string) (err error) {
	body, err := get(ctx, address)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	if err = os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return exit.Environmentf("making the cache entry of %s: %w", address, err)
	}
	f, err := os.OpenFile(path+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return exit.Environmentf("writing %s: %w", address, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	hash := sha512.New()
	n, err := io.Copy(io.MultiWriter(f, hash), io.LimitReader(reader{body}, maxRelease))
	if closed := f.Close(); err == nil {
		err = closed
	}
	var broken *readError
	switch got := hex.EncodeToString(hash.Sum(nil)); {
	case errors.As(err, &broken):
		return fmt.Errorf("%w: %s ended after %d bytes: %w", ErrNoRelease, address, n, err)
	case err != nil:
		return exit.Environmentf("writing %s to the cache: %w", address, err)
	case got != sum:
		return exit.Environmentf("%s has the SHA-512 %s..., published is %s...: it is not what was released; nothing of it is used", address, got[:12], sum[:12])
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return exit.Environmentf("moving %s into the cache: %w", address, err)
	}
	return nil
}

// reader marks the errors of reading, so that they are told from those of writing.
type reader struct{ r io.Reader }

// Read implements io.Reader.
func (r reader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &readError{err}
	}
	return n, err
}

type readError struct{ err error }

// Error implements error.
func (e *readError) Error() string { return e.err.Error() }

// Unwrap gives the error within.
func (e *readError) Unwrap() error { return e.err }

// get asks for an address and gives the body of a good answer.
func get(ctx context.Context, address string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoRelease, err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // documented to be one
	transport.ResponseHeaderTimeout = answerLimit
	transport.DisableKeepAlives = true
	answer, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, fmt.Errorf("%w: asking for %s: %w", ErrNoRelease, address, err)
	}
	if answer.StatusCode != http.StatusOK {
		_ = answer.Body.Close()
		return nil, fmt.Errorf("%w: %s answers %s", ErrNoRelease, address, answer.Status)
	}
	return answer.Body, nil
}
