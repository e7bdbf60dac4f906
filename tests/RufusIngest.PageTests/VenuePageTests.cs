using System.Globalization;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace RufusIngest.PageTests;

/// <summary>What a person sees and can do on the venue server's page.</summary>
public sealed partial class VenuePageTests(Chromium chromium)
{
    static readonly DateTimeOffset _start = new(2026, 5, 3, 9, 0, 0, TimeSpan.Zero);

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_wrong_key_is_told_why_and_lets_nobody_in()
    {
        await using var venue = await PageVenue.StartAsync(asksForKey: true);
        await using var visit = await Visit.BeginAsync(chromium, venue);
        await SignInAsync(visit, "ror-wrong");
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("This key is unknown, or it may not read.");
        await visit.Page.GotoAsync(venue.Address.AbsoluteUri);
        await Expect(visit.Page.GetByLabel("API key that may read")).ToBeVisibleAsync();
        await Expect(visit.Count).Not.ToBeAttachedAsync();
        visit.WasQuiet(expected: "Failed to load resource: the server responded with a status of 403");
    }

    [Fact]
    public async Task a_reading_key_shows_devices_and_sessions_until_signing_out()
    {
        await using var venue = await PageVenue.StartAsync(asksForKey: true);
        var device = await venue.BindAsync("Finish line");
        await venue.PostAsync(await venue.OpenAsync(device, "Half marathon"), Crossings(1, 2));
        await venue.BindAsync("Start line", "SN-2");
        await using var visit = await Visit.BeginAsync(chromium, venue);
        await SignInAsync(visit, PageVenue.ReadKey);
        await Expect(visit.Rows("devices")).ToHaveCountAsync(2);
        await Expect(Row(visit, "devices", "Start line")).ToContainTextAsync("none");
        await Expect(Row(visit, "devices", "Finish line")).ToContainTextAsync("Half marathon");
        await Expect(Row(visit, "sessions", "Half marathon")).ToContainTextAsync("active");
        await Expect(Row(visit, "sessions", "Half marathon")).ToContainTextAsync("Finish line");
        await Expect(visit.Rows("recent")).ToHaveCountAsync(2);

        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(visit.Page.GetByLabel("API key that may read")).ToBeVisibleAsync();
        visit.WasQuiet();
    }

    [Fact]
    public async Task what_arrives_is_shown_at_once_at_the_top_and_counted()
    {
        await using var venue = await PageVenue.StartAsync();
        var token = await venue.OpenAsync(await venue.BindAsync("Finish line"), "Half marathon");
        await using var visit = await Visit.BeginAsync(chromium, venue);
        await visit.LiveAsync();
        await Expect(visit.Page.Locator("#recent-hint")).ToHaveTextAsync("No passing yet.");
        await Expect(Chart(visit, "0 passings arrived in the last 60 minutes")).ToBeVisibleAsync();
        await Expect(visit.Page.Locator("#chart rect")).ToHaveCountAsync(0);

        await venue.PostAsync(token, Crossings(1, 2));
        string[] second = ["2026-05-03 09:00:02.002", "2", "C2", "Half marathon", "2"];
        await Expect(visit.Cells("recent")).ToHaveTextAsync(second);
        await venue.PostAsync(token, new Crossing(3, "007", null, _start));
        await Expect(visit.Cells("recent")).ToHaveTextAsync(
            ["2026-05-03 09:00:00.000", "007", "–", "Half marathon", "3"]);
        await Expect(visit.Cells("recent", row: 1)).ToHaveTextAsync(second);
        await Expect(visit.Rows("recent")).ToHaveCountAsync(3);

        await Expect(visit.Count).ToHaveTextAsync("3");
        await Expect(visit.Cells("devices").Nth(2)).ToHaveTextAsync("3");
        await Expect(visit.Cells("sessions").Nth(2)).ToHaveTextAsync("3");
        await Expect(Chart(visit, "3 passings arrived in the last 60 minutes")).ToBeVisibleAsync();
        await Expect(visit.Page.Locator("#chart rect")).Not.ToHaveCountAsync(0);
        visit.WasQuiet();
    }

    [Fact]
    public async Task a_closed_session_is_shown_closed()
    {
        await using var venue = await PageVenue.StartAsync();
        var token = await venue.OpenAsync(await venue.BindAsync("Finish line"), "Half marathon");
        await using var visit = await Visit.BeginAsync(chromium, venue);
        await Expect(visit.Cells("sessions").Nth(1)).ToHaveTextAsync("active");
        await venue.CloseAsync(token);
        await Expect(visit.Cells("sessions").Nth(1)).ToHaveTextAsync("closed");
        await Expect(visit.Cells("devices").Nth(1)).ToHaveTextAsync("none");
        visit.WasQuiet();
    }

    [Fact]
    public async Task a_sessions_link_downloads_what_was_posted()
    {
        await using var venue = await PageVenue.StartAsync();
        var token = await venue.OpenAsync(await venue.BindAsync("Finish line"), "Half marathon");
        await venue.PostAsync(token, Crossings(1, 2));
        await using var visit = await Visit.BeginAsync(chromium, venue);
        var link = visit.Page.GetByRole(AriaRole.Link, new() { Name = "CSV of Half marathon" });
        var file = await visit.Page.RunAndWaitForDownloadAsync(() => link.ClickAsync());
        Assert.EndsWith(".csv", file.SuggestedFilename, StringComparison.Ordinal);
        Assert.Equal(
            [
                "__typename,timestamp,num_passing,latitude,longitude,status,participant_id,bib,chip,timezone,gender",
                "Passing,2026-05-03T09:00:01.001Z,1,,,,,1,C1,,",
                "Passing,2026-05-03T09:00:02.002Z,2,,,,,2,C2,,",
            ],
            await File.ReadAllLinesAsync(await file.PathAsync(), Cancelled));
        visit.WasQuiet();
    }

    [Fact]
    public async Task the_page_goes_on_when_the_server_was_started_again()
    {
        await using var venue = await PageVenue.StartAsync();
        var token = await venue.OpenAsync(await venue.BindAsync("Finish line"), "Half marathon");
        await venue.PostAsync(token, Crossings(1, 1));
        await using var visit = await Visit.BeginAsync(chromium, venue);
        await visit.LiveAsync();
        await venue.StopAsync();
        await Expect(visit.Link).ToContainTextAsync("trying again");
        await Expect(visit.Cells("recent").Nth(1)).ToHaveTextAsync("1");
        await venue.StartAgainAsync();
        await visit.LiveAsync();
        await venue.PostAsync(token, Crossings(2, 1));
        await Expect(visit.Cells("recent").Nth(1)).ToHaveTextAsync("2");
        await Expect(visit.Rows("recent")).ToHaveCountAsync(2);
        await Expect(visit.Count).ToHaveTextAsync("2");
        visit.WasQuiet(expected: "Failed to load resource: net::ERR_");
    }

    [Fact]
    public async Task a_sign_in_that_ended_with_the_server_is_asked_for_again()
    {
        await using var venue = await PageVenue.StartAsync(asksForKey: true);
        await using var visit = await Visit.BeginAsync(chromium, venue);
        await SignInAsync(visit, PageVenue.ReadKey);
        await visit.LiveAsync();
        await venue.StopAsync();
        await venue.StartAgainAsync();
        await Expect(visit.Page.GetByLabel("API key that may read")).ToBeVisibleAsync();
        visit.WasQuiet(expected: "Failed to load resource: ");
    }

    [Fact]
    public async Task one_answer_that_failed_is_forgotten_with_the_next()
    {
        await using var venue = await PageVenue.StartAsync();
        await using var visit = await Visit.BeginAsync(chromium, venue);
        await visit.LiveAsync();
        await visit.Page.RouteAsync(
            "**/page/state", route => route.FulfillAsync(new() { Status = 503 }), new() { Times = 1 });
        await Expect(visit.Link).ToHaveTextAsync("no answer from the server, trying again");
        await visit.LiveAsync();
        visit.WasQuiet(expected: "Failed to load resource: the server responded with a status of 503");
    }

    [Fact]
    public async Task what_others_named_is_text_and_nothing_else()
    {
        const string Image = "<img src=x onerror=\"alert(document.domain)\">";
        const string Script = "\"'></td><script>alert(1)</script>";
        const string RightToLeft = "\u202Eשלום\u202E=1+1";
        var name = string.Concat(Enumerable.Repeat("Ŵ", 128));
        await using var venue = await PageVenue.StartAsync();
        var session = await venue.OpenAsync(await venue.BindAsync(Image), Script);
        var other = await venue.OpenAsync(await venue.BindAsync(RightToLeft, "SN-2"), name);
        await venue.PostAsync(session, new Crossing(1, "javascript:alert(1)", "${alert(1)}", _start));
        await using var visit = await Visit.BeginAsync(chromium, venue, new() { ViewportSize = Phone });
        await visit.LiveAsync();
        await venue.PostAsync(other, new Crossing(1, Image, RightToLeft, _start));
        await venue.PostAsync(session, new Crossing(2, Script, name, _start));
        await Expect(visit.Cells("recent")).ToHaveTextAsync(["2026-05-03 09:00:00.000", Script, name, Script, "2"]);
        await Expect(visit.Cells("recent", row: 1)).ToHaveTextAsync(
            ["2026-05-03 09:00:00.000", Image, RightToLeft, name, "1"]);
        await Expect(Row(visit, "devices", Image)).ToContainTextAsync(Script);
        await Expect(Row(visit, "devices", RightToLeft)).ToContainTextAsync(name);
        await Expect(visit.Page.GetByRole(AriaRole.Link, new() { Name = $"CSV of {name}" })).ToBeVisibleAsync();
        await Expect(visit.Page.Locator("img, iframe, script:not([src])")).ToHaveCountAsync(0);
        await FitsAsync(visit);
        await visit.PictureAsync("phone-hostile");
        visit.WasQuiet();
    }

    [Theory]
    [InlineData("desktop", ColorScheme.Light)]
    [InlineData("desktop", ColorScheme.Dark)]
    [InlineData("phone", ColorScheme.Light)]
    [InlineData("phone", ColorScheme.Dark)]
    public async Task a_race_reads_well(string device, ColorScheme scheme)
    {
        await using var venue = await PageVenue.StartAsync(asksForKey: true);
        await using var visit = await Visit.BeginAsync(chromium, venue, new()
        {
            ViewportSize = device == "phone" ? Phone : new() { Width = 1280, Height = 800 },
            ColorScheme = scheme,
        });
        await ReadsWellAsync(visit, scheme, least: 4);
        await visit.PictureAsync($"{device}-{scheme}-signin");
        await SignInAsync(visit, PageVenue.ReadKey);
        await visit.LiveAsync();
        await Expect(visit.Page.Locator("#devices-hint")).ToHaveTextAsync("No device is bound yet.");
        await visit.PictureAsync($"{device}-{scheme}-empty");

        var total = (await PlayRaceAsync(venue)).ToString("N0", CultureInfo.InvariantCulture);
        await Expect(visit.Rows("sessions")).ToHaveCountAsync(4);
        await Expect(visit.Count).ToHaveTextAsync(total);
        await Expect(Chart(visit, $"{total} passings arrived")).ToBeVisibleAsync();
        await Expect(visit.Rows("recent")).ToHaveCountAsync(50);
        await ReadsWellAsync(visit, scheme, least: 200);
        await visit.PictureAsync($"{device}-{scheme}");
        visit.WasQuiet();
    }

    [Fact]
    public async Task the_keyboard_is_enough()
    {
        await using var venue = await PageVenue.StartAsync(asksForKey: true);
        var token = await venue.OpenAsync(await venue.BindAsync("Finish line"), "Half marathon");
        await venue.PostAsync(token, Crossings(1, 1));
        await using var visit = await Visit.BeginAsync(chromium, venue);
        var keyboard = visit.Page.Keyboard;
        await Expect(visit.Page.GetByLabel("API key that may read")).ToBeFocusedAsync();
        await keyboard.TypeAsync(PageVenue.ReadKey);
        await keyboard.PressAsync("Tab");
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" })).ToBeFocusedAsync();
        await keyboard.PressAsync("Enter");

        var signOut = visit.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" });
        var file = visit.Page.GetByRole(AriaRole.Link, new() { Name = "CSV of Half marathon" });
        await Expect(signOut).ToBeVisibleAsync();
        await Expect(file).ToBeVisibleAsync();
        await keyboard.PressAsync("Tab");
        await Expect(signOut).ToBeFocusedAsync();
        foreach (var name in (string[])["Last passings", "Devices", "Sessions"])
        {
            await keyboard.PressAsync("Tab");
            var named = visit.Page.GetByRole(AriaRole.Region, new() { Name = name });
            var region = visit.Page.Locator(".scroll").And(named);
            await Expect(region).ToBeFocusedAsync();
            await Expect(region).ToHaveCSSAsync("outline-style", "solid");
        }

        await keyboard.PressAsync("Tab");
        await Expect(file).ToBeFocusedAsync();
        await venue.PostAsync(token, Crossings(2, 1));
        await Expect(visit.Cells("sessions").Nth(2)).ToHaveTextAsync("2");
        await Expect(file).ToBeFocusedAsync(); // What is shown anew does not take it away.
        visit.WasQuiet();
    }

    [Fact]
    public async Task times_are_utc_wherever_the_browser_is_and_say_so()
    {
        await using var venue = await PageVenue.StartAsync();
        var token = await venue.OpenAsync(await venue.BindAsync("Finish line"), "Half marathon");
        await venue.PostAsync(token, Crossings(1, 2));
        await using var visit = await Visit.BeginAsync(chromium, venue, new() { TimezoneId = "Pacific/Auckland" });
        await Expect(visit.Cells("recent").First).ToHaveTextAsync("2026-05-03 09:00:02.002");
        await Expect(visit.Cells("sessions").Nth(3)).ToHaveTextAsync("2026-05-03 09:00:01");
        await Expect(visit.Cells("sessions").Nth(4)).ToHaveTextAsync("2026-05-03 09:00:02");
        var today = venue.Clock.GetUtcNow();
        await venue.PostAsync(token, new Crossing(3, "3", null, today));
        await Expect(visit.Cells("recent").First).ToHaveTextAsync($"{today.UtcDateTime:HH:mm:ss.fff}");
        Assert.Equal(
            ["Time (UTC)", "Last contact (UTC)", "First (UTC)", "Last (UTC)"],
            await visit.Page.Locator("th:has-text('UTC')").AllTextContentsAsync());
        await Expect(visit.Page.Locator(".chart .hint")).ToContainTextAsync("axis in UTC");
        visit.WasQuiet();
    }
}
