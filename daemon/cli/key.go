package cli

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"mcdns/daemon/config"
	"mcdns/daemon/files"
	"mcdns/daemon/groupkey"
	"mcdns/gocore/trust"
)

// serviceGroup is the group that mcdnsd runs as.
const serviceGroup = "mcdns"

// keyJSON is what there is to say of a key: never the key.
type keyJSON struct {
	Schema string `json:"schema"`
	File   string `json:"file"`
	ID     string `json:"id"`
}

const keySchema = "mcdns.key/1"

func (e *env) keyCommand() *cobra.Command {
	key := &cobra.Command{
		Use: "key", Short: "Make the group's key, or show which one this host has", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	key.AddCommand(&cobra.Command{
		Use: "generate [FILE]", Short: "Make a new group key", Args: atMost(1),
		Long: "Make a new group key of 32 random bytes in FILE (" + config.Default().KeyFile + "), never over one that is there.",
		RunE: func(_ *cobra.Command, args []string) error { return e.generate(keyFile(args)) },
	}, &cobra.Command{
		Use: "show-id [FILE]", Short: "Show the id of the key in FILE, never the key", Args: atMost(1),
		RunE: func(_ *cobra.Command, args []string) error { return e.showID(keyFile(args)) },
	})
	return key
}

func keyFile(args []string) string {
	if len(args) == 1 {
		return args[0]
	}
	return config.Default().KeyFile
}

// makeKey is the command that makes the key that the daemon looks for.
func makeKey(path string) string {
	if path == config.Default().KeyFile {
		return "mcdns key generate"
	}
	return "mcdns key generate " + path
}

func (e *env) generate(path string) error {
	var b [trust.KeySize]byte
	rand.Read(b[:])
	key, err := trust.ParseKey(b[:])
	if err != nil {
		return err
	}
	made, err := writeKey(path, b[:])
	if err != nil {
		return keyFailure(path, err)
	}
	if err := giveToService(path); err != nil {
		fmt.Fprintf(e.err, "mcdns: hint: %v; when it is there: chgrp %s %s\n", err, serviceGroup, path)
	}
	if e.json {
		return e.print(keyJSON{keySchema, path, key.ID().String()})
	}
	if made != "" {
		fmt.Fprintf(e.out, "%s: new directory\n", made)
	}
	fmt.Fprintf(e.out, "%s: new group key, id %s\n", path, key.ID())
	fmt.Fprintln(e.out, "Copy it to every host of the LAN; mcdnsd takes it up at once:")
	// Not by "<": that the caller's shell would open, without sudo's rights.
	fmt.Fprintf(e.out, "  sudo cat %s | ssh root@HOST install -D -g %s -m 640 /dev/stdin %s\n", path, serviceGroup, config.Default().KeyFile)
	return nil
}

// writeKey makes the file, or fails if there is one: another key would part this
// host from its group. made is the directory that it made for it, "" if none.
func writeKey(path string, key []byte) (made string, err error) {
	if dir := filepath.Dir(path); !exists(dir) {
		// Whatever root's umask: mcdnsd, which is not root, must get to the key.
		if err := errors.Join(os.MkdirAll(dir, 0o755), os.Chmod(dir, 0o755)); err != nil {
			return "", err
		}
		made = dir
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return made, err
	}
	_, err = f.Write(key)
	err = errors.Join(err, f.Chmod(0o640), f.Sync(), f.Close())
	if err != nil {
		os.Remove(path)
	}
	return made, err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func giveToService(path string) error {
	if os.Geteuid() != 0 {
		return nil // the caller's own file
	}
	g, err := user.LookupGroup(serviceGroup)
	if err != nil {
		return fmt.Errorf("there is no group %s yet, so only root can read the key", serviceGroup)
	}
	gid, err := strconv.Atoi(g.Gid)
	if err != nil {
		return err
	}
	return os.Chown(path, 0, gid)
}

func keyFailure(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrExist):
		return &failure{
			code: exitNoName, err: fmt.Errorf("%s is there already and is not overwritten", path),
			hint: "mcdns key show-id shows which key it is; to change keys see mcdnsd(8), KEYS",
		}
	case errors.Is(err, fs.ErrPermission):
		return &failure{code: exitPermission, err: err, hint: "run as root (sudo)"}
	}
	return &failure{code: exitNoAnswer, err: err}
}

func (e *env) showID(path string) error {
	b, err := files.Read(path, groupkey.MaxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return &failure{code: exitNoName, err: fmt.Errorf("%s: there is no key", path), hint: makeKey(path) + " makes one, on one host"}
	}
	if errors.Is(err, files.ErrNotRegular) || errors.Is(err, files.ErrTooLarge) {
		return &failure{code: exitNoName, err: fmt.Errorf("%s: %w", path, err)}
	}
	if err != nil {
		return keyFailure(path, err)
	}
	key, err := trust.ParseKey(b)
	if err != nil {
		return &failure{code: exitNoName, err: fmt.Errorf("%s: %w", path, err)}
	}
	if e.json {
		return e.print(keyJSON{keySchema, path, key.ID().String()})
	}
	_, err = fmt.Fprintln(e.out, key.ID())
	return err
}
