using RufusIngest.Cloud;
using RufusIngest.Tool;
using RufusIngest.Tool.Probe;

namespace RufusIngest.Tests.Support;

/// <summary>One probe of a handler or a server, without waits, and everything it wrote.</summary>
sealed record ProbeTrial(ProbeResult? Result, ToolException? End, string Output, string Record, string SavedProfile)
{
    public CloudProfile Profile => Result!.Profile;

    /// <summary>Everything a person or file gets to see.</summary>
    public string Everything => Output + Record + SavedProfile + End?.Message;

    public string Seen(string question) =>
        Result!.Rows.Single(row => row.Experiment.Question == question).Finding.Seen;

    public static Task<ProbeTrial> OfAsync(HttpMessageHandler handler, Func<ProbeSettings, ProbeSettings>? with = null,
        TimeProvider? time = null) => OfAsync(handler, new Uri("http://cloud.test/v0/"), ProbedCloud.Key, with, time);

    public static Task<ProbeTrial> OfAsync(TestVenue venue, string key = TestVenue.ReadWriteKey,
        Func<ProbeSettings, ProbeSettings>? with = null) =>
        OfAsync(new SocketsHttpHandler(), venue.Server.BaseAddress, key, with, new InstantTime());

    static async Task<ProbeTrial> OfAsync(
        HttpMessageHandler handler, Uri address, string key, Func<ProbeSettings, ProbeSettings>? with,
        TimeProvider? time)
    {
        string folder = Directory.CreateTempSubdirectory("probe-").FullName;
        ProbeSettings settings = new()
        {
            Address = address,
            ApiKey = key,
            Serial = "SN-PROBE",
            MaxPassings = 16,
            Record = new(Path.Combine(folder, "record.jsonl")),
            Profile = new(Path.Combine(folder, "profile.json")),
        };
        settings = with?.Invoke(settings) ?? settings;
        using StringWriter output = new();
        ProbeResult? result = null;
        ToolException? end = null;
        try
        {
            result = await ProbeCommand.RunAsync(
                new Terminal(output, output), settings, handler, time ?? new InstantTime(),
                TestContext.Current.CancellationToken);
        }
        catch (ToolException exception)
        {
            end = exception;
        }

        ProbeTrial trial = new(result, end, output.ToString(), Text(settings.Record!), Text(settings.Profile!));
        Directory.Delete(folder, recursive: true);
        return trial;
    }

    static string Text(FileInfo file) => File.Exists(file.FullName) ? File.ReadAllText(file.FullName) : "";
}
