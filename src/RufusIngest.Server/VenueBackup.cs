namespace RufusIngest.Server;

/// <summary>Copies a server's file while servers use it.</summary>
static class VenueBackup
{
    /// <summary>
    /// Writes one instant of <paramref name="dataFile"/> into a new file. It appears under its name when it is whole
    /// and on the disk.
    /// </summary>
    /// <exception cref="VenueDataException">It cannot be read or written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; nothing is left behind.</exception>
    public static void Write(string dataFile, string path, CancellationToken cancellationToken)
    {
        dataFile = Path.GetFullPath(dataFile);
        path = Path.GetFullPath(path);
        if (File.Exists(path))
            throw new VenueDataException($"{path}: there is such a file already; a backup replaces none.");
        if (!File.Exists(dataFile))
            throw new VenueDataException($"{dataFile}: there is no such file.");
        var part = path + ".part";
        try
        {
            File.Delete(part);
            Copy(dataFile, part, cancellationToken);
            using (var written = new FileStream(part, FileMode.Open, FileAccess.ReadWrite))
                written.Flush(flushToDisk: true);
            File.Move(part, path);
        }
        catch (Exception exception) when (exception is (IOException or UnauthorizedAccessException)
            and not VenueDataException)
        {
            throw new VenueDataException($"{path}: {exception.Message}");
        }
        finally
        {
            TryDelete(part);
        }
    }

    static void Copy(string dataFile, string part, CancellationToken cancellationToken)
    {
        using var database = SqliteDatabase.Open(dataFile, create: false);
        SqliteVenueSchema.Check(database);
        using var cancelling = cancellationToken.Register(database.Interrupt);
        try
        {
            var copy = database.Prepare("VACUUM INTO ?1");
            copy.Bind(1, part).Run();
        }
        catch (VenueDataException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    static void TryDelete(string part)
    {
        try
        {
            File.Delete(part);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next backup to this name begins it anew.
        }
    }
}
