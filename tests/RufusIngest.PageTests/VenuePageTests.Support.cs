using Microsoft.Playwright;

namespace RufusIngest.PageTests;

public sealed partial class VenuePageTests
{
    // Every element with text of its own, what its text is written on, and how well the two differ (WCAG 2).
    const string ContrastScript =
        """
        () => {
          const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
          const parse = colour => {
            canvas.clearRect(0, 0, 1, 1);
            canvas.fillStyle = colour;
            canvas.fillRect(0, 0, 1, 1);
            return [...canvas.getImageData(0, 0, 1, 1).data];
          };
          const light = ([r, g, b]) => [r, g, b]
            .map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
          const behind = element => {
            for (let e = element; e; e = e.parentElement) {
              const colour = parse(getComputedStyle(e).backgroundColor);
              if (colour[3] === 255) return colour;
            }
            return [255, 255, 255];
          };
          const texts = [...document.body.querySelectorAll("*")].filter(e => e.checkVisibility()
            && e.tagName !== "title"
            && (e.tagName === "INPUT" || [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())));
          return texts.map(e => {
            const style = getComputedStyle(e);
            const [over, under] = [light(parse(e instanceof SVGElement ? style.fill : style.color)), light(behind(e))];
            return { text: e.textContent.trim().slice(0, 30),
              ratio: (Math.max(over, under) + 0.05) / (Math.min(over, under) + 0.05), under };
          });
        }
        """;

    static ViewportSize Phone => new() { Width = 390, Height = 844 };

    static IEnumerable<Crossing> Crossings(int first, int count) => Enumerable.Range(first, count)
        .Select(n => new Crossing(n, $"{n}", $"C{n}", _start.AddSeconds(n).AddMilliseconds(n)));

    static async Task SignInAsync(Visit visit, string key)
    {
        await visit.Page.GetByLabel("API key that may read").FillAsync(key);
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
    }

    static ILocator Row(Visit visit, string table, string text) =>
        visit.Rows(table).Filter(new() { Has = visit.Page.GetByText(text, new() { Exact = true }) });

    /// <summary>The chart with the beginning of what it says to those who do not see it.</summary>
    static ILocator Chart(Visit visit, string says) =>
        visit.Page.GetByRole(AriaRole.Img).And(visit.Page.Locator($"svg:has(title:text-matches('^{says}'))"));

    /// <summary>Neither the page nor a table in it is wider than there is room for.</summary>
    static async Task FitsAsync(Visit visit) => Assert.Equal(
        visit.Page.ViewportSize!.Width,
        await visit.Page.EvaluateAsync<int>(
            """
            () => Math.max(document.documentElement.scrollWidth, document.body.scrollWidth,
              ...[...document.querySelectorAll(".scroll")].map(e => innerWidth + e.scrollWidth - e.clientWidth))
            """));

    static async Task ReadsWellAsync(Visit visit, ColorScheme scheme, int least)
    {
        var texts = await visit.Page.EvaluateAsync<Contrast[]>(ContrastScript);
        Assert.True(texts.Length >= least, $"Only {texts.Length} texts were looked at.");
        Contrast[] faint = [.. texts.Where(text => text.Ratio < 4.5)];
        Assert.True(faint.Length == 0, string.Join('\n', faint.AsEnumerable()));
        var strong = texts.Where(text => text.Ratio > 10).ToArray();
        Assert.NotEmpty(strong);
        Assert.All(strong, text => Assert.Equal(scheme == ColorScheme.Light, text.Under > 0.5));
        await FitsAsync(visit);
    }

    /// <summary>Forty minutes of a race with three devices, the last passings of which arrive now.</summary>
    /// <returns>How many passings were posted.</returns>
    static async Task<int> PlayRaceAsync(PageVenue venue)
    {
        var finish = await venue.BindAsync("Finish line, main mat", "ONE4ALL-0187");
        var split = await venue.BindAsync("Split 10 km", "ONE4ALL-0188");
        await venue.BindAsync("", "CLOUDBOX-2209");
        await venue.CloseAsync(await venue.OpenAsync(finish, "Test of the mats"));
        var children = await venue.OpenAsync(finish, "Kids’ run 800 m");
        await venue.PostAsync(children, Crossings(1, 60));
        var splitToken = await venue.OpenAsync(split, "Half marathon, split");
        string[] tokens = [splitToken, await venue.OpenAsync(finish, "Half marathon")];
        var numbers = new int[2];
        for (var minute = -40; minute <= 0; minute++)
        {
            venue.Clock.Shift = TimeSpan.FromMinutes(minute);
            var now = venue.Clock.GetUtcNow();
            var at = minute < -20 ? 0 : 1;
            var count = 5 + (int)(120 * Math.Pow(Math.Sin((minute + 40) * 0.16), 2));
            var crossings = Enumerable.Range(0, count).Select(n =>
            {
                var number = ++numbers[at];
                var bib = (number * 7919 % 2500) + 1;
                return new Crossing(number, $"{bib}", $"058003A1{bib:X4}", now.AddMilliseconds(n * 311));
            });
            await venue.PostAsync(tokens[at], crossings);
        }

        return 60 + numbers.Sum();
    }

    /// <summary>How well a text differs from what is behind it, and how light that is, of 1.</summary>
    sealed record Contrast(string Text, double Ratio, double Under)
    {
        public Contrast()
            : this("", 0, 0)
        {
        }
    }
}
