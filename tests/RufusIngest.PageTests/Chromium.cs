using Microsoft.Playwright;
using RufusIngest.PageTests;

[assembly: AssemblyFixture(typeof(Chromium))]

namespace RufusIngest.PageTests;

/// <summary>The browser of all tests: one that this machine has, never one that was downloaded.</summary>
public sealed class Chromium : IAsyncLifetime
{
    /// <summary>Names the program where it lies elsewhere.</summary>
    const string Variable = "RUFUS_TEST_CHROMIUM";

    static readonly string[] _arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
        // As at a venue: there is this machine, and no other.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ];

    IPlaywright? _playwright;
    IBrowser? _browser;

    /// <summary>Skips the running test where there is no browser.</summary>
    public IBrowser Browser
    {
        get
        {
            Assert.SkipWhen(_browser is null, $"No Chromium, Chrome or Edge was found; {Variable} may name one.");
            return _browser;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (Find() is not { } program)
            return;
        Assertions.SetDefaultExpectTimeout(20_000);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = program, Args = _arguments });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    static string? Find() => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named
        ? named
        : Candidates().FirstOrDefault(File.Exists);

    static IEnumerable<string> Candidates()
    {
        if (OperatingSystem.IsWindows())
        {
            return
                from folder in (string[])["ProgramFiles", "ProgramFiles(x86)", "LocalAppData"]
                let root = Environment.GetEnvironmentVariable(folder)
                where root is not null
                from program in (string[])[@"Google\Chrome\Application\chrome", @"Microsoft\Edge\Application\msedge"]
                select Path.Combine(root, program + ".exe");
        }

        return OperatingSystem.IsMacOS()
            ? from program in (string[])["Google Chrome", "Microsoft Edge", "Chromium"]
              select $"/Applications/{program}.app/Contents/MacOS/{program}"
            : from program in (string[])["chromium", "chromium-browser", "google-chrome"]
              from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
              select Path.Combine(folder, program);
    }
}
