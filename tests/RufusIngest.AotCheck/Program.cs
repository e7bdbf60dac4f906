using System.IO.Pipelines;
using System.Text;
using RufusIngest.Cloud;
using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Records;

namespace RufusIngest.AotCheck;

/// <summary>
/// Compiled ahead of time, takes frames of each protocol all the way to a POST on loopback and compares the bytes that
/// arrived. Exit code 0 and one line when they are right; 1 and one line that says what is not.
/// </summary>
static class Program
{
    const string Key = "ror-0123456789abcdef0123";

    const string CloudBoxStream = """
        {"epc":"EPC_CODE_HERE","timestamp":"2024-09-17;14:34:23.123Z","seenCount":3,"antenna":1,"rssi":-65,
         "passingNumber":145,"tagStr":"TAG_STRING","latitude":41.28425,"longitude":1.98251,"chksum":"CHECKSUM_HERE"}
        {"command":"GETSYSTEMTIME","result":{}}
        {"epc":"3D2E372D39293A313C313734","timestamp":"2024-09-18;09:36:34.098","seenCount":1,"antenna":1,"rssi":-58,
         "passingNumber":1,"tagStr":"MC00169","latitude":null,"longitude":null,"chksum":"6a0f5"}
        """;

    const string IpicoStream =
        "aa400000000123450a2a01123018455927a7\r\naa400000000123450a2a01123018455927a7\r\nab00000222\r\n";

    const string UltraStream =
        "Connected,0\n0,11055,1170518701,698,1,-71,0,2,1,0000000000000000,0,29319\nno record\nV=25.0000\n";

    static readonly (string Location, ReaderProtocol Protocol, string Stream, string Items)[] Cases =
    [
        ("START", ReaderProtocol.CloudBox, CloudBoxStream,
            """{"bib":"TAG_STRING","num_passing":1,"timestamp":"2024-09-17T14:34:23.123Z","chip":"TAG_STRING","""
            + "\"latitude\":41.28425,\"longitude\":1.98251},"
            + """{"bib":"M\u00FCller 7","num_passing":2,"timestamp":"2024-09-18T07:36:34.098Z","chip":"MC00169"}"""),
        ("SPLIT", ReaderProtocol.Ipico, IpicoStream,
            """{"bib":"000000012345","num_passing":1,"timestamp":"2001-12-30T16:45:59.390Z","chip":"000000012345"}"""),
        ("FINISH", ReaderProtocol.Ultra, UltraStream,
            """{"bib":"11055","num_passing":1,"timestamp":"2017-02-02T14:05:01.698Z","chip":"11055"}"""),
    ];

    static async Task<int> Main()
    {
        try
        {
            string? problem = await CheckAsync(null) ?? await CheckWithJournalAsync() ?? CheckProfile();
            Console.WriteLine(problem ?? "All frames arrived as they should.");
            return problem is null ? 0 : 1;
        }
        catch (Exception e)
        {
            Console.WriteLine($"{e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}");
            return 1;
        }
    }

    static async Task<string?> CheckWithJournalAsync()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("rufus-native-");
        try
        {
            using SqliteJournal journal = SqliteJournal.Open(Path.Combine(folder.FullName, "race.journal"));
            return await CheckAsync(journal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>A profile goes through JSON without reflection.</summary>
    static string? CheckProfile()
    {
        CloudProfile profile = new() { Envelope = CloudEnvelope.Wrapped, MaxPassingsPerPost = 500 };
        string file = Path.GetTempFileName();
        try
        {
            profile.Save(file);
            return CloudProfile.Load(file) == profile ? null : $"The profile became {File.ReadAllText(file)}";
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>What is wrong, or null.</summary>
    static async Task<string?> CheckAsync(SqliteJournal? journal)
    {
        await using LoopbackCloud cloud = new();
        using HttpClient http = RufusCloudClient.CreateHttpClient(cloud.Address);
        PassingsUploader uploader = new(new RufusCloudClient(http, Key));
        foreach (var (location, _, _, _) in Cases)
            uploader.AttachSession(location, $"token-{location}");

        IngestOptions options = new() { Settings = MakeSettings() };
        await using IngestPipeline pipeline =
            journal is null ? new(options) : await IngestPipeline.OpenAsync(options, journal);
        Task upload = journal is null
            ? uploader.RunAsync(pipeline.Batches)
            : uploader.RunAsync(journal, pipeline.Batches.Completion, CancellationToken.None);
        foreach (var (location, _, stream, _) in Cases)
        {
            PipeReader source = PipeReader.Create(new MemoryStream(Encoding.UTF8.GetBytes(stream)));
            await pipeline.ReadAsync(location, source, recorded: true);
        }

        await pipeline.CompleteAsync();
        await upload;
        return CompareCounters(pipeline.GetCounters(), uploader.Counters) ?? CompareRequests(cloud.Requests);
    }

    static IngestSettings MakeSettings() => new()
    {
        Locations = [.. Cases.Select(c => new LocationSettings { Name = c.Location })],
        Readers =
        [
            .. Cases.Select(c => new ReaderSettings
            {
                Name = c.Location,
                Protocol = c.Protocol.Name,
                Location = c.Location,
                Zone = ZoneRules.Find("+02:00"),
            }),
        ],
        Chips = ChipTable.ReadCsv(new StringReader("chip,bib\nMC00169,Müller 7\n"), "chips.csv"),
    };

    static string? CompareCounters(IngestCounters ingest, UploadCounters upload)
    {
        var seen = (ingest.Reads, ingest.Passings, ingest.Suppressed, ingest.Rejected, upload.Passings, upload.Retries);
        var expected = (5L, 4L, 1L, 1L, 4L, 0L);
        return seen == expected
            ? null
            : $"Reads, passings, suppressed, rejected, uploaded, retries are {seen}, not {expected}.";
    }

    static string? CompareRequests(IReadOnlyCollection<ArrivedRequest> requests)
    {
        if (requests.Count != Cases.Length)
            return $"{requests.Count} requests arrived, not {Cases.Length}.";
        foreach (var (location, _, _, items) in Cases)
        {
            string body = $$"""{"token_session":"token-{{location}}","passings_list":[{{items}}]}""";
            if (requests.FirstOrDefault(request => request.Body == body) is not { } request)
                return $"No request has the body {body} but: {string.Join(" | ", requests.Select(r => r.Body))}";
            if (!request.Head.StartsWith("POST /v0/passings HTTP/1.1\r\n", StringComparison.Ordinal))
                return $"The request of {location} is no POST /v0/passings.";
            if (!request.Head.Contains($"\r\napi_key: {Key}\r\n", StringComparison.Ordinal))
                return $"The request of {location} carries no key.";
        }

        return null;
    }
}
