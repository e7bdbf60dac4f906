using System.Buffers;
using System.Text.Json;

namespace RufusIngest.Cloud;

// Passings: insert, and read by session, by device and time, and as a device's feed.
public sealed partial class RufusCloudClient
{
    /// <summary>Passings on a full page, by the documentation.</summary>
    internal const int PassingsPage = 5000;

    /// <summary>
    /// Inserts passings in one request, which is not repeated: after a failure that leaves open whether it was done, send
    /// the same passings with the same numbers again. For a race use <see cref="PassingsUploader"/>, which does that.
    /// </summary>
    /// <param name="tokenSession">An active session.</param>
    /// <param name="passings">
    /// At least one; each with number, bib and time, which is sent in UTC, cut to ms. Session and device in them are not
    /// sent. Nothing says how many a request may hold.
    /// </param>
    /// <param name="cancellationToken">Ends the call; it may have been done.</param>
    /// <exception cref="ArgumentException">A passing lacks number, bib or time, or there is none.</exception>
    /// <exception cref="RufusCloudException">
    /// <see cref="RufusFailure.SessionGone"/> when the session is unknown or closed.
    /// </exception>
    public async Task<InsertCounts> InsertPassingsAsync(
        string tokenSession, IReadOnlyCollection<CloudPassing> passings, CancellationToken cancellationToken = default)
    {
        const string Path = "passings";
        ArgumentException.ThrowIfNullOrWhiteSpace(tokenSession);
        ArgumentNullException.ThrowIfNull(passings);
        if (passings.Count == 0)
            throw new ArgumentException("There is no passing to insert.", nameof(passings));
        if (passings.Any(passing => !passing.IsWhole))
            throw new ArgumentException("A passing needs a number from 0, a bib and a time.", nameof(passings));
        byte[] body = WriteInsert(tokenSession, passings);
        CloudAnswer answer = await CallAsync(HttpMethod.Post, Path, body, _options.MaxAnswerBytes, cancellationToken)
            .ConfigureAwait(false);
        if (!answer.IsSuccess && RufusCloudException.SaysGone(answer.Status, answer.Description))
            throw Failure(RufusFailure.SessionGone, answer, HttpMethod.Post, Path, answer.Description);
        RequireReadable(answer, HttpMethod.Post, Path, cancellationToken);
        return new(
            CloudAnswer.Integer(answer.Root, "inserted_count"), CloudAnswer.Integer(answer.Root, "duplicate_count"));
    }

    /// <summary>
    /// Lists the passings of a session, open or closed, page by page as they are asked for. Needs a key that may read.
    /// An unknown session and an empty one look alike. Ends at the server's word, at a page that is not full, or at an
    /// empty one; a page that comes again and more pages than <see cref="RufusCloudOptions.MaxPages"/> are failures.
    /// </summary>
    /// <param name="tokenSession">The session.</param>
    /// <param name="first">Lowest number wanted.</param>
    /// <param name="last">Highest number wanted.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    public IAsyncEnumerable<CloudPassing> GetSessionPassingsAsync(
        string tokenSession, int? first = null, int? last = null, CancellationToken cancellationToken = default) =>
        ListAsync(
            $"passings/session/{Segment(tokenSession)}" + Query([("first", Text(first)), ("last", Text(last))]),
            PassingsPage,
            CloudPassing.Read,
            true,
            cancellationToken);

    /// <summary>
    /// Lists the passings of a device in a time range, across its sessions. Needs a key that may read. Ends like
    /// <see cref="GetSessionPassingsAsync"/>. What the server gives without a range is not documented.
    /// </summary>
    /// <param name="deviceId">The device.</param>
    /// <param name="from">Earliest time wanted, in ms; by all signs inclusive, as is the latest.</param>
    /// <param name="to">Latest time wanted.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    public IAsyncEnumerable<CloudPassing> GetDevicePassingsAsync(
        string deviceId, DateTimeOffset? from = null, DateTimeOffset? to = null,
        CancellationToken cancellationToken = default) =>
        ListAsync(
            $"passings/device/{Segment(deviceId)}" + Query([("from", Text(from)), ("to", Text(to))]),
            PassingsPage,
            CloudPassing.Read,
            true,
            cancellationToken);

    /// <summary>
    /// One answer of a device's feed: what follows a position, or the beginning of the device's newest session when that
    /// is another one. Needs a key that may read. <see cref="DeviceFeed"/> makes a feed of it that misses nothing.
    /// </summary>
    /// <param name="deviceId">The device.</param>
    /// <param name="after">Where reading stopped; null, or with no number read, for the session the server chooses.</param>
    /// <param name="from">Earliest time wanted.</param>
    /// <param name="to">Latest time wanted.</param>
    /// <param name="page">Page of the answer, from 1; null leaves it out.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RufusCloudException">
    /// <see cref="RufusFailure.NotFound"/> when the device has no session, or the server no feed.
    /// </exception>
    public async Task<FeedPage> GetFeedPageAsync(
        string deviceId, FeedPosition? after = null, DateTimeOffset? from = null, DateTimeOffset? to = null,
        int? page = null, CancellationToken cancellationToken = default)
    {
        after = after is { Last: < 0 } ? null : after; // Nothing was read there: as if nobody had been.
        string path = $"passings/device2/{Segment(deviceId)}" + Query(
            [("token_session", after?.TokenSession), ("last", Text(after?.Last)), ("from", Text(from)), ("to", Text(to)),
                ("page", Text(page))]);
        CloudAnswer answer = await GetAsync(path, _options.MaxPageBytes, cancellationToken).ConfigureAwait(false);
        RequireReadable(answer, HttpMethod.Get, path, cancellationToken);
        string token = CloudAnswer.Text(answer.Root, "session_used") is { Length: > 0 } used
            ? used
            : after?.TokenSession
            ?? throw NotUnderstood(answer.Status, HttpMethod.Get, path, "The answer holds no session_used.");
        return new()
        {
            TokenSession = token,
            Label = CloudAnswer.Text(answer.Root, "session_label"),
            ResumedFrom = CloudAnswer.Integer(answer.Root, "resumed_from"),
            Passings =
            [
                .. ReadResult(answer, path, "passings").Select(item => CloudPassing.Read(item) with
                {
                    TokenSession = token,
                    DeviceId = deviceId,
                }),
            ],
        };
    }

    static byte[] WriteInsert(string tokenSession, IEnumerable<CloudPassing> passings)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("token_session", tokenSession);
            writer.WriteStartArray("passings_list");
            foreach (CloudPassing passing in passings)
                passing.WriteTo(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
