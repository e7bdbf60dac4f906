using Microsoft.AspNetCore.Http;

namespace RufusIngest.Server;

/// <summary>Sends a session as a CSV file, in the order of its numbers, a page at a time.</summary>
sealed class PageDownload(OperationContext shared)
{
    const int PagePassings = 5_000;

    public async Task SendAsync(HttpContext context, int company)
    {
        var (token, cancelled) = (OperationContext.Token(context), context.RequestAborted);
        if (await shared.Store.FindSessionAsync(company, token, cancelled).ConfigureAwait(false) is not { } session)
        {
            await shared.SessionNotFoundAsync(context, token).ConfigureAwait(false);
            return;
        }

        var response = context.Response;
        response.ContentType = "text/csv; charset=utf-8; header=present";
        response.Headers.ContentDisposition = $"attachment; filename=\"{FileName(session)}\"";
        SessionCsv.WriteHead(response.BodyWriter);
        for (var range = PassingRange.All; ;)
        {
            using var page = await shared.Store.SessionPassingsAsync(
                company, token, range, new(1, PagePassings) { IsCounted = false }, cancelled).ConfigureAwait(false);
            if (page is { Count: > 0 })
            {
                SessionCsv.Write(response.BodyWriter, page);
                range = range.After(page[page.Count - 1].Number);
            }

            await response.BodyWriter.FlushAsync(cancelled).ConfigureAwait(false);
            if (page is null || page.Count < PagePassings)
                return;
        }
    }

    /// <summary>The alias as far as every file system takes it, and the beginning of the token.</summary>
    static string FileName(SessionState session)
    {
        var alias = string.Concat((session.Alias ?? "").Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');
        return $"{(alias.Length == 0 ? "session" : alias[..Math.Min(alias.Length, 64)])}-{session.Token[..8]}.csv";
    }
}
