package lab

import (
	"crypto/rand"
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// privateDirs are the directories that a host sees at a path of its own. A
// plain directory is mounted over the whole of it, not laid over what the
// machine has there: an mcdns installed on the machine must not show through.
// The first match of Path wins, so inner paths stand before outer ones.
var privateDirs = []struct{ dir, at string }{
	{"mcdns", "/etc/mcdns"},
	{"state", "/var/lib/mcdns"},
	{"run", "/run"},
}

// within reports whether path is dir or below it, and the rest of it.
func within(path, dir string) (string, bool) {
	if path == dir {
		return "", true
	}
	return strings.CutPrefix(path, dir+"/")
}

// layFiles writes what the host will find. Everything is in place before it is
// mounted, because /etc/resolv.conf is often a symbolic link into /run, and a
// write through it would miss.
func (h *Host) layFiles() error {
	for _, d := range []string{"etc/up/mcdns", "etc/work", "lib/up/mcdns", "lib/work", "mcdns", "state", "run", "log"} {
		if err := os.MkdirAll(filepath.Join(h.dir, d), 0o755); err != nil {
			return err
		}
	}
	files := map[string]string{
		"etc/up/nsswitch.conf": nsswitch(h.nss),
		"etc/up/resolv.conf":   "",
		"etc/up/hosts":         "127.0.0.1 localhost\n::1 localhost\n127.0.1.1 " + h.Name + "\n",
		"etc/up/hostname":      h.Name + "\n",
		"etc/up/host.conf":     "multi on\n",
		// gai.conf may sort addresses in the machine's own way.
		"etc/up/gai.conf": "",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(h.dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return h.newBoot()
}

// newBoot empties /run and draws a boot id, as a machine does when it starts.
func (h *Host) newBoot() error {
	run := filepath.Join(h.dir, "run")
	entries, err := os.ReadDir(run)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(run, e.Name())); err != nil {
			return err
		}
	}
	for _, d := range []string{"home", "lock", "mcdns", "systemd"} {
		if err := os.Mkdir(filepath.Join(run, d), 0o755); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(h.dir, "boot_id"), []byte(bootID()), 0o444)
}

func bootID() string {
	var b [16]byte
	rand.Read(b[:])
	return fmt.Sprintf("%x-%x-%x-%x-%x\n", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// mountFiles shows the host its files. It runs on the host's thread. /run comes
// last but one: the paths below it, where the lab keeps everything, end there.
func (h *Host) mountFiles() error {
	if err := h.overlay("/etc", "etc"); err != nil {
		return err
	}
	if err := h.overlay("/var/lib", "lib"); err != nil {
		return err
	}
	if h.runsMcdns() {
		if err := h.mountModule(); err != nil {
			return err
		}
	}
	if err := bind(filepath.Join(h.dir, "boot_id"), "/proc/sys/kernel/random/boot_id"); err != nil {
		return err
	}
	// The machine's own /sys would show the machine's interfaces. A container
	// may forbid a new one, and nothing but curious programs misses it.
	_ = unix.Mount("sysfs", "/sys", "sysfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	for _, p := range privateDirs {
		if err := bind(filepath.Join(h.dir, p.dir), p.at); err != nil {
			return err
		}
	}
	return nil
}

// overlay lays the host's own files over the machine's directory at.
// userxattr is what lets an ordinary user do it (Linux 5.11).
func (h *Host) overlay(at, dir string) error {
	d := filepath.Join(h.dir, dir)
	options := fmt.Sprintf("userxattr,lowerdir=%s,upperdir=%s/up,workdir=%s/work", at, d, d)
	if err := unix.Mount("overlay", at, "overlay", 0, options); err != nil {
		return fmt.Errorf("overlay on %s (needs Linux 5.11 with overlayfs): %w", at, err)
	}
	return nil
}

// mountModule puts libnss_mcdns.so.2 beside the C library, read-only: seen by
// static and setuid programs and by those that clear their environment, for
// which LD_LIBRARY_PATH does nothing.
func (h *Host) mountModule() error {
	libs, err := libDir()
	if err != nil {
		return err
	}
	return overLibs(h.lan.moduleDir, libs)
}

func overLibs(dir, libs string) error {
	options := "ro,lowerdir=" + dir + ":" + libs
	if err := unix.Mount("overlay", libs, "overlay", unix.MS_RDONLY, options); err != nil {
		return fmt.Errorf("overlay on %s: %w", libs, err)
	}
	return nil
}

// AddModules puts the files of a directory beside the C library on this host, as
// the lab does with libnss_mcdns.so.2: another resolver's module.
func (h *Host) AddModules(dir string) error {
	return h.Do(func() error {
		libs, err := libDir()
		if err != nil {
			return err
		}
		return overLibs(dir, libs)
	})
}

// libDir is the directory from which the C library loads NSS modules: the one
// that holds the dynamic loader, on every layout met so far.
func libDir() (string, error) {
	getent := "/usr/bin/getent"
	f, err := elf.Open(getent)
	if err != nil {
		return "", fmt.Errorf("look for the C library: %w", err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP || p.Filesz > 4096 {
			continue
		}
		name := make([]byte, p.Filesz)
		if _, err := p.ReadAt(name, 0); err != nil {
			return "", fmt.Errorf("look for the C library in %s: %w", getent, err)
		}
		loader, err := filepath.EvalSymlinks(strings.TrimRight(string(name), "\x00"))
		return filepath.Dir(loader), err
	}
	return "", fmt.Errorf("look for the C library: %s is static", getent)
}

func bind(from, at string) error {
	if err := unix.Mount(from, at, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind %s: %w", at, err)
	}
	return nil
}

// SetResolvConf replaces the host's /etc/resolv.conf the way programs do it: a
// new file renamed over the old one.
func (h *Host) SetResolvConf(text string) error { return h.replace("resolv.conf", text) }

// SetNSS replaces the hosts: line of the host's nsswitch.conf.
func (h *Host) SetNSS(services string) error { return h.replace("nsswitch.conf", nsswitch(services)) }

func nsswitch(hosts string) string {
	return "passwd: files\ngroup: files\nhosts: " + hosts + "\nnetworks: files\nprotocols: files\nservices: files\n"
}

// replace goes through the host's mount: an overlay must not be changed from
// below.
func (h *Host) replace(name, text string) error {
	return h.Do(func() error {
		path := "/etc/" + name
		if err := os.WriteFile(path+".new", []byte(text), 0o644); err != nil {
			return err
		}
		return os.Rename(path+".new", path)
	})
}
