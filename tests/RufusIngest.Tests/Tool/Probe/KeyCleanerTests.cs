using System.Net;
using System.Text;
using RufusIngest.Tests.Support;
using RufusIngest.Tool;
using RufusIngest.Tool.Probe;

namespace RufusIngest.Tests.Tool.Probe;

public sealed class KeyCleanerTests
{
    const string Key = ProbedCloud.Key;

    /// <summary>What of a key must not be found anywhere.</summary>
    const string Secret = "0123456789abcdef0123";

    public static TheoryData<string> Spellings =>
    [
        Key,
        Key.ToUpperInvariant(),
        Uri.EscapeDataString(Key),
        string.Concat(Key.Select(c => $"%{(int)c:X2}")),
        string.Concat(Key.Select(c => $"%25{(int)c:x2}")),
        string.Concat(Key.Select(c => $"\\u{(int)c:x4}")),
        string.Concat(Key.Select(c => $"\\\\u{(int)c:X4}")),
        string.Concat(Key.Select(c => $"&#{(int)c};")),
        string.Concat(Key.Select(c => $"&#x{(int)c:x};")),
        Key.Replace("-", "\\-", StringComparison.Ordinal),
        "ror\\u002d" + Secret,
        Encoding.UTF8.GetString(Encoding.Unicode.GetBytes(Key)),
        Convert.ToBase64String(Encoding.UTF8.GetBytes(Key)),
        Convert.ToBase64String(Encoding.UTF8.GetBytes("x:" + Key)),
        Convert.ToBase64String(Encoding.UTF8.GetBytes("x" + Key + "y")),
    ];

    [Theory]
    [MemberData(nameof(Spellings))]
    public void Every_spelling_goes(string spelling)
    {
        string clean = new KeyCleaner(Key).Clean($"before {spelling} after, {spelling}");

        Assert.StartsWith("before ", clean, StringComparison.Ordinal);
        Assert.Contains(" after, ", clean, StringComparison.Ordinal);
        Assert.Equal(3, clean.Split("[key]").Length);
        Assert.True(clean.Length < 40, clean); // Nothing but a few characters that are not the key's alone.
    }

    [Fact]
    public void Other_texts_stay() =>
        Assert.Equal(@"ror-0123 \u0041 %20 &#45;", new KeyCleaner(Key).Clean(@"ror-0123 \u0041 %20 &#45;"));

    [Theory]
    [MemberData(nameof(Spellings))]
    public async Task A_server_that_gives_the_key_back_does_not_get_it_into_any_output(string spelling)
    {
        // As words, as ids, as a chip, as a page and in headers; half of it would be left at the end of a cut body.
        ProbedCloud cloud = new();
        cloud.Instead = (count, request) => request.Method switch
        {
            "PATCH" => Echo(new string(' ', ProbeExchange.MaxBody - 10) + spelling),
            "GET" when request.Path.Contains("page=", StringComparison.Ordinal) =>
                ProbedCloud.Say(418, $"no {spelling} here"),
            "POST" when request.Path.EndsWith("sessions", StringComparison.Ordinal) =>
                ProbedCloud.Say(201, spelling, ("token_session", spelling)),
            _ => count % 2 == 0 ? null : Echo($"<p>{spelling}</p>"),
        };
        ProbeTrial trial = await ProbeTrial.OfAsync(cloud);
        ProbeTrial json = await ProbeTrial.OfAsync(cloud, settings => settings with { Json = true });

        AssertNothingOf(trial.Everything + json.Everything, spelling);

        HttpResponseMessage Echo(string text)
        {
            HttpResponseMessage answer = new(HttpStatusCode.Conflict) { Content = new StringContent(text) };
            answer.Headers.TryAddWithoutValidation("Location", $"http://x/{spelling}");
            answer.Headers.TryAddWithoutValidation("Via", spelling);
            return answer;
        }
    }

    [Fact]
    public async Task Nor_does_an_address_or_a_serial_number_that_holds_it()
    {
        ProbeTrial trial = await ProbeTrial.OfAsync(new ProbedCloud(), settings => settings with
        {
            Address = new($"http://cloud.test/v0/?{Key}"),
            Serial = Key,
        });

        AssertNothingOf(trial.Everything, Key);
        Assert.Contains("[key]", trial.Record, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nor_does_the_command_when_it_announces_or_fails()
    {
        ToolRun asked = await ToolRun.Of(
            "probe", "--device", Key, "--base-address", "http://127.0.0.1:1/v0", "--api-key", Key);
        ToolRun unreachable = await ToolRun.Of(
            "probe", "--device", "D", "--base-address", $"http://127.0.0.1:1/{Key}", "--api-key", Key, "--yes");

        Assert.Equal(ExitCode.BadInput, asked.ExitCode);
        Assert.Contains("--yes", asked.Error, StringComparison.Ordinal);
        Assert.Contains("some thousand", asked.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Unreachable, unreachable.ExitCode);
        AssertNothingOf(asked.Output + asked.Error + unreachable.Output + unreachable.Error, Key);
    }

    static void AssertNothingOf(string text, string spelling)
    {
        Assert.DoesNotContain(Secret, text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(spelling, text, StringComparison.OrdinalIgnoreCase);
        string escaped = System.Text.Json.JsonEncodedText.Encode(spelling).ToString();
        Assert.DoesNotContain(escaped, text, StringComparison.OrdinalIgnoreCase);
    }
}
