package dockerd

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestLockIsHeldByOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "lock")
	release, err := lockFile(t.Context(), path, func() { t.Error("had to wait for nobody") })
	if err != nil {
		t.Fatal(err)
	}
	waits := 0
	ctx, cancel := context.WithTimeout(t.Context(), 3*lockRetry)
	defer cancel()
	if _, err := lockFile(ctx, path, func() { waits++ }); err == nil {
		t.Fatal("two hold the lock")
	}
	if waits != 1 {
		t.Errorf("told %d times of waiting, want once", waits)
	}
	got := make(chan error, 1)
	waiting := make(chan struct{})
	go func() {
		again, err := lockFile(t.Context(), path, func() { close(waiting) })
		if err == nil {
			again()
		}
		got <- err
	}()
	<-waiting
	release()
	select {
	case err := <-got:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the lock did not pass on")
	}
}

// A folder removed under a waiting process must not leave it with a lock on a
// file that others cannot find.
func TestLockOutlivesItsFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "engine")
	path := filepath.Join(dir, "lock")
	release, err := lockFile(t.Context(), path, func() {})
	if err != nil {
		t.Fatal(err)
	}
	waiting, second := make(chan struct{}), make(chan func(), 1)
	go func() {
		again, err := lockFile(t.Context(), path, func() { close(waiting) })
		if err != nil {
			t.Error(err)
		}
		second <- again
	}()
	<-waiting
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	release()
	again := <-second
	if again == nil {
		t.FailNow()
	}
	defer again()
	ctx, cancel := context.WithTimeout(t.Context(), 3*lockRetry)
	defer cancel()
	if _, err := lockFile(ctx, path, func() {}); err == nil {
		t.Error("a third process got the lock that the second holds")
	}
}
