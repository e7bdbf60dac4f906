using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace RufusIngest.PageTests;

/// <summary>A browser's window on a venue's page, which notes what it complains of and what it asks for.</summary>
sealed class Visit : IAsyncDisposable
{
    readonly IBrowserContext _context;
    readonly Uri _address;
    readonly List<string> _complaints = [];
    readonly List<string> _requests = [];

    Visit(IBrowserContext context, IPage page, Uri address)
    {
        (_context, Page, _address) = (context, page, address);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                Note(_complaints, message.Text);
        };
        page.PageError += (_, error) => Note(_complaints, error);
        page.Dialog += (_, dialog) =>
        {
            Note(_complaints, $"dialog: {dialog.Message}");
            _ = dialog.DismissAsync();
        };
        context.Request += (_, request) => Note(_requests, request.Url);
    }

    public IPage Page { get; }

    public ILocator Link => Page.Locator("#link");

    public ILocator Count => Page.Locator("#count");

    public static async Task<Visit> BeginAsync(
        Chromium chromium, PageVenue venue, BrowserNewContextOptions? options = null)
    {
        var context = await chromium.Browser.NewContextAsync(options ?? new());
        await context.AddInitScriptAsync(
            "addEventListener('securitypolicyviolation', e => console.error('policy', e.blockedURI))");
        var visit = new Visit(context, await context.NewPageAsync(), venue.Address);
        await visit.Page.GotoAsync(venue.Address.AbsoluteUri);
        return visit;
    }

    /// <summary>Waits until arrivals would be shown.</summary>
    public async Task<Visit> LiveAsync()
    {
        await Expect(Link).ToHaveTextAsync("live");
        return this;
    }

    /// <summary>The rows of one of the page's tables: recent, devices, sessions.</summary>
    public ILocator Rows(string table) => Page.Locator($"#{table} tr");

    /// <summary>The cells of a table's row, which begin with the newest.</summary>
    public ILocator Cells(string table, int row = 0) => Rows(table).Nth(row).Locator("td");

    /// <summary>The person's view when <see cref="Pictures"/> are wanted.</summary>
    public async Task PictureAsync(string name)
    {
        if (Pictures is { Length: > 0 } folder)
            await Page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png"), FullPage = true });
    }

    /// <summary>A folder for pictures of the page, for eyes.</summary>
    static string? Pictures => Environment.GetEnvironmentVariable("RUFUS_TEST_SCREENSHOTS");

    /// <summary>
    /// Holds that nothing was reported on the console, by the content security policy or in a dialog, and that nothing
    /// was asked of another host.
    /// </summary>
    /// <param name="expected">What a complaint may begin with.</param>
    public void WasQuiet(string? expected = null)
    {
        lock (_complaints)
        {
            Assert.DoesNotContain(
                _complaints, text => expected is null || !text.StartsWith(expected, StringComparison.Ordinal));
        }

        lock (_requests)
        {
            Assert.Contains(new Uri(_address, "page/page.css").AbsoluteUri, _requests);
            Assert.All(_requests, url => Assert.StartsWith(_address.AbsoluteUri, url, StringComparison.Ordinal));
        }
    }

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();

    static void Note(List<string> notes, string text)
    {
        lock (notes)
            notes.Add(text);
    }
}
