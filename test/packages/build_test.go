package packages

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mcdns/test/lab"
)

// built lists the packages below build/DIR that fit a pattern.
func built(t *testing.T, dir, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(lab.Top(), "build", dir, pattern))
	must(t, err)
	if len(found) == 0 {
		t.Fatalf("build/%s/%s: not there: run make test-packages", dir, pattern)
	}
	return found
}

// output runs a program of this machine and returns what it prints.
func output(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func TestEveryPackageIsBuilt(t *testing.T) {
	var names []string
	for _, path := range built(t, "packages", "*") {
		names = append(names, filepath.Base(path))
	}
	want := []string{
		"libnss-mcdns_0.1.0_amd64.deb", "libnss-mcdns_0.1.0_arm64.deb", "libnss-mcdns_0.1.0_i386.deb",
		"mcdns-0.1.0-1.aarch64.rpm", "mcdns-0.1.0-1.x86_64.rpm",
		"mcdns_0.1.0_amd64.deb", "mcdns_0.1.0_arm64.deb",
		"nss-mcdns-0.1.0-1.aarch64.rpm", "nss-mcdns-0.1.0-1.i686.rpm", "nss-mcdns-0.1.0-1.x86_64.rpm",
	}
	version, err := output(filepath.Join(lab.Top(), "packaging/version.sh"))
	must(t, err)
	for i := range want {
		want[i] = strings.Replace(want[i], "0.1.0", version, 1)
	}
	promise(t, "packages", want, names, slices.Equal(names, want))
}

func TestTwoBuildsInTwoDirectoriesAreBitIdentical(t *testing.T) {
	for _, path := range built(t, "packages", "*") {
		one, err := os.ReadFile(path)
		must(t, err)
		two, err := os.ReadFile(filepath.Join(lab.Top(), "build/again/elsewhere/packages", filepath.Base(path)))
		must(t, err)
		promise(t, "sha256 of two builds of "+filepath.Base(path), fmt.Sprintf("%x", sha256.Sum256(one)),
			fmt.Sprintf("%x", sha256.Sum256(two)), bytes.Equal(one, two))
	}
}

func TestLintianFindsNothing(t *testing.T) {
	out, err := output("lintian", append([]string{"--allow-root", "--fail-on", "error,warning"}, built(t, "packages", "*.deb")...)...)
	promise(t, "lintian's errors and warnings", "", out, err == nil && out == "")
}

// The module of every architecture loads on Debian 11, whose C library is 2.31,
// and older: no symbol above 2.17, six functions, nothing else.
func TestModulesOfAllPackagesAskLittleOfTheCLibrary(t *testing.T) {
	for _, path := range built(t, "packages", "libnss-mcdns_*.deb") {
		dir := t.TempDir()
		if out, err := output("dpkg-deb", "-x", path, dir); err != nil {
			t.Fatal(out)
		}
		found, _ := filepath.Glob(filepath.Join(dir, "usr/lib/*/libnss_mcdns.so.2"))
		if len(found) != 1 {
			t.Fatalf("%s has %d modules", path, len(found))
		}
		out, err := output("readelf", "--wide", "--dyn-syms", found[0])
		must(t, err)
		exported, newest := 0, 17
		for line := range strings.Lines(out) {
			if strings.Contains(line, " _nss_mcdns_") {
				exported++
			}
			var minor int
			if _, v, ok := strings.Cut(line, "@GLIBC_2."); ok {
				fmt.Sscan(strings.FieldsFunc(v, func(r rune) bool { return r < '0' || r > '9' })[0], &minor)
				newest = max(newest, minor)
			}
		}
		name := filepath.Base(path)
		promise(t, name+": functions", 6, exported, exported == 6)
		promise(t, name+": newest symbol of the C library", "2.17", fmt.Sprintf("2.%d", newest), newest == 17)
	}
}

// Completions and the licences of what is linked in are made at build time; rules
// and dashboard are for machines that need not have the sources.
func TestPackageHasCompletionsLicencesAndMonitoring(t *testing.T) {
	dir := t.TempDir()
	if out, err := output("dpkg-deb", "-x", built(t, "packages", "mcdns_*_amd64.deb")[0], dir); err != nil {
		t.Fatal(out)
	}
	share := filepath.Join(dir, "usr/share")
	if out, err := output("bash", "-n", filepath.Join(share, "bash-completion/completions/mcdns")); err != nil {
		t.Error(out)
	}
	for file, want := range map[string]string{
		"bash-completion/completions/mcdns":    "__start_mcdns",
		"zsh/vendor-completions/_mcdns":        "#compdef mcdns",
		"fish/vendor_completions.d/mcdns.fish": "complete -c mcdns",
		"doc/mcdns/third-party":                "github.com/miekg/dns",
		"mcdns/prometheus/mcdns.rules.yml":     "alert: McdnsDown",
		"mcdns/prometheus/scrape.yml":          "job_name: mcdns",
		"mcdns/grafana/mcdns.json":             "mcdns_upstream_state",
	} {
		text, err := os.ReadFile(filepath.Join(share, file))
		if err != nil && strings.HasPrefix(file, "doc/") { // dh_compress takes the large ones
			var out string
			out, err = output("zcat", filepath.Join(share, file)+".gz")
			text = []byte(out)
		}
		must(t, err)
		if !strings.Contains(string(text), want) {
			t.Errorf("%s has no %q", file, want)
		}
	}
}

// Not enforced here: the kernel of a test machine need not have AppArmor.
func TestAppArmorParserReadsTheSnippet(t *testing.T) {
	dir := t.TempDir()
	if out, err := output("dpkg-deb", "-x", built(t, "packages", "mcdns_*_amd64.deb")[0], dir); err != nil {
		t.Fatal(out)
	}
	profile := filepath.Join(dir, "profile")
	snippet := filepath.Join(dir, "etc/apparmor.d/abstractions/nameservice.d/mcdns")
	text := "abi <abi/3.0>,\ninclude <tunables/global>\nprofile t /bin/t {\n  include <abstractions/nameservice>\n  include \"" + snippet + "\"\n}\n"
	must(t, os.WriteFile(profile, []byte(text), 0o644))
	out, err := output("apparmor_parser", "-Q", "-K", profile)
	promise(t, "apparmor_parser -Q accepts the snippet", "yes", map[bool]string{true: "yes", false: out}[err == nil], err == nil)
	must(t, os.WriteFile(snippet, []byte("/run/mcdns/nss.sock rw\n"), 0o644))
	if out, err := output("apparmor_parser", "-Q", "-K", profile); err == nil {
		t.Errorf("the parser finds nothing wrong with a line without its comma: %s", out)
	}
}

// make install is for systems without these packages: what it puts, uninstall
// takes, but for the configuration.
func TestInstallAndUninstallWithDestdirAndPrefix(t *testing.T) {
	dir := t.TempDir()
	install := func(verb string) {
		cmd := exec.Command(filepath.Join(lab.Top(), "packaging/install.sh"), verb, filepath.Join(lab.Top(), "build/export/build/amd64"))
		cmd.Env = append(os.Environ(), "DESTDIR="+dir, "PREFIX=/opt/mcdns")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	files := func() string {
		out, err := output("sh", "-c", "cd "+dir+" && find . -type f | sort")
		must(t, err)
		return out
	}
	install("install")
	first := files()
	if !strings.Contains(first, "./opt/mcdns/sbin/mcdnsd\n") || strings.Count(first, "\n") < 21 {
		t.Errorf("installed: %s", first)
	}
	unit, err := os.ReadFile(filepath.Join(dir, "opt/mcdns/lib/systemd/system/mcdnsd.service"))
	must(t, err)
	if !bytes.Contains(unit, []byte("ExecStart=/opt/mcdns/sbin/mcdnsd\n")) {
		t.Errorf("the unit starts something else:\n%s", unit)
	}
	must(t, os.WriteFile(filepath.Join(dir, "etc/mcdns/mcdnsd.conf"), []byte("# mine\n"), 0o644))
	install("install")
	conf, err := os.ReadFile(filepath.Join(dir, "etc/mcdns/mcdnsd.conf"))
	must(t, err)
	install("uninstall")
	left := files()
	promise(t, "make uninstall leaves", "the configuration", left, string(conf) == "# mine\n" &&
		left == "./etc/mcdns/mcdnsd.conf")
}

// Only Debian's compilers name a directory of their architecture.
func TestModuleGoesWhereTheCLibraryOfALib64SystemLooks(t *testing.T) {
	if _, err := os.Stat("/usr/lib64"); err != nil {
		t.Skip("no /usr/lib64 here")
	}
	dir := t.TempDir()
	cmd := exec.Command(filepath.Join(lab.Top(), "packaging/install.sh"), "install", filepath.Join(lab.Top(), "build/export/build/amd64"), "module")
	cmd.Env = append(os.Environ(), "DESTDIR="+dir, "CC=true") // says nothing
	out, err := cmd.CombinedOutput()
	if _, none := os.Stat(filepath.Join(dir, "usr/lib64/libnss_mcdns.so.2")); err != nil || none != nil {
		t.Errorf("%v, %v: %s", err, none, out)
	}
}
